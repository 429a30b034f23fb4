"""The text that the language model learns: written for this project, about a small town by the sea.

It says little, on purpose, and it says it in short sentences that share their words: a model of three words in a row
needs many ways to go on from each of them.
"""

from __future__ import annotations

from typing import Final

STORIES: Final = """
The harbour wakes before the town does. A lamp burns on the pier, and a man with cold hands counts the nets. The water
is grey and the boats are grey and the sky is the same grey with a thin line of light under it. Somebody laughs in the
dark. The first engine coughs and then the second, and the boats go out one behind the other as if a string held them
together. The town turns over in its bed. When the sun is up the market opens, and the smell of bread walks down the
hill to meet the smell of fish. Children carry baskets. An old woman sells onions and advice, and the advice is
cheaper. By noon the boats are back and the nets are full or they are not full, and the man with cold hands counts
again. In the evening the lamp burns on the pier, the sky is grey with a thin line of light over it, and the town goes
to bed before the harbour does.

Nobody writes this down. The water keeps the books, and the water forgets. On a clear night the stars come down to
look at the boats, and the boats look back. A dog barks at the tide and the tide goes away, so the dog is proud. The
winter is long and the soup is hot. The spring comes late with mud on its shoes. In the summer the town sells its
shade by the hour, and in the autumn the wind asks for it back. The man with cold hands has a daughter with warm
hands, and she counts the stars, and the number is never the same.

The baker is the first to light a fire and the last to go home. His oven is older than the church, and it has heard
more prayers. He makes bread for the boats, bread for the school and small sweet bread for the children who help him
carry the flour. The flour comes down the hill on a cart, and the cart comes down the hill behind a horse that knows
the road better than the driver. When the road is wet the horse stops at the bridge and waits until the driver gets
down. Then they walk over the bridge together, the horse in front, and the driver says thank you. The baker gives the
horse the heel of a loaf. It is the best part of the loaf, and the horse knows it.

The school stands behind the market. It has one room, one stove and two windows, and from the windows one can see the
sea. The teacher says that this is why nobody in the town can spell. She writes a word on the board, and a sail comes
round the point, and the word is gone. In the end she wrote the names of the boats on the board, and all of the
children could spell by the summer. The smallest boy reads the weather from the smoke of the steamer. When the smoke
goes up there will be sun, and when the smoke lies down there will be rain. He is right more often than the radio.

There is a lighthouse on the island, and there is a keeper in the lighthouse, although the light has not needed one
for years. She paints the door each spring, red one year and blue the next, so that the town can tell the years apart.
At night she reads. She has read every book on the island, and there are nine of them, and she says that the ninth
gets better each time. When the fog comes she rings the bell herself, because the machine rings it too politely. The
boats come home by the bell. They say that it sounds like somebody who is a little angry and very fond of them.

A letter came for the old captain. It had been on its way for eleven years, and it had more stamps than words. He put
it on the table and looked at it while the soup went cold. He put it on the shelf and looked at it while the summer
went by. In the autumn the daughter with warm hands came to read it to him. It said that the ship was late and that he
should not wait. So he stopped waiting, bought a smaller boat, and gave it the name of the ship.

The storm came on a Sunday. In the morning the gulls sat on the roofs and said nothing, and the old woman took her
onions inside. By noon the sea was white. The boats were in, all but one, and the town stood on the pier and counted.
They counted again, as if the number could change. The keeper rang the bell and did not stop. It was dark when a lamp
showed behind the point, low in the water, and then a second lamp, and then the boat, with half of a mast and all of
its men. Nobody said a word. The baker opened his shop in the middle of the night, and the town ate sweet bread on the
pier in the rain.

The museum has three rooms. In the first room there is a net, in the second room there is a bigger net, and in the
third room there is a chair for those who like to think about nets. The man who sells the tickets was a fisherman
once. He tells each visitor another story about the hole in the bigger net. It was a whale, it was a rock, it was a
bishop. The visitors come back the next day for another story and buy another ticket. The town built a new bridge from
what the hole has earned.

In the winter the town mends. It mends nets and roofs and shoes, and quarrels that were left out in the rain. The shop
stays open late and sells rope, nails, candles and time. People come for a nail and stay for an hour. Somebody tells
how the old bridge fell, somebody tells how it did not fall, and the man with cold hands warms them at the stove. When
the ice is thick the children walk to the island and knock on the red door, or the blue door. The keeper gives them
tea and reads to them from the ninth book. They walk home under the stars, and the smallest boy carries the lamp.

Every town has a clock, and this one has two. The clock on the church is slow and the clock on the school is fast, and
the town lives in the time between them. When the clock on the school strikes noon the shops close. When the clock on
the church strikes noon they open again. A clever man from the city came to mend the clocks. He worked for a week, and
both of them were right, and nobody had time for lunch. So they asked him to put it back. He stayed, in the end. He
has a small shop by the bridge, and he is slow on some days and fast on others.

The ferry goes to the city twice a week if the weather lets it. It takes fish and baskets and people who must see a
doctor, and it brings back newspapers, oranges and people who have seen one. The captain of the ferry knows everybody
by their shoes. He says that new shoes go out and old shoes come home. Once a young man took the ferry with a violin
under his arm, and he said that he would be back when he could play. The town waited for ten years and forgot. Then
one evening there was music on the water, and the ferry came in slowly, and nobody on the pier looked at his shoes.

The garden behind the church belongs to everybody, so nobody may pick the roses. There are beans and onions and a pear
tree that gives pears to those who ask. The old woman asks each morning. She talks to the bees as well, and tells them
who is ill and who is in love, for bees should not hear such things from strangers. The honey is dark in a year of bad
news. It is sold in small jars at the market, with the year on the lid, and the people who buy it taste it slowly and
remember.

What does the sea want? The teacher asked the children, and each of them wrote an answer. It wants its stones back. It
wants to see what is behind the hill. It wants to be left alone, like my father when he is tired. The smallest boy
wrote that the sea wants nothing, and that this is why it is so big. The teacher read the answers to the keeper, and
the keeper wrote them into the back of the ninth book, and now there is a reason to read it again.

The children have a game of questions. Who paints the door? The keeper paints it. Where does the dog sleep? The dog
sleeps on the nets. How deep is the water? The water is as deep as a bell is loud. What is the name of the horse? The
name of the horse is known to the horse. When will the ferry come? It comes when it comes. Who wins? The smallest boy
wins, because he is the only one who says that he does not know.
"""

TALKS: Final = """
Hello!
Good morning! The boats are out and the bread is warm. What can I do for you?

Hello
Good morning! What would you like to know about the harbour?

Hi there
Hello! It is a clear day, and one can see the island. How can I help you?

Who are you?
I am a small model of words. I have read one book about a harbour, and I have read it well.

What can you do?
I can write short sentences about the sea, the boats and the town, and I can stop.

How are you?
I am well, thank you. The soup is hot and the nets are full. And how are you?

What is the weather like?
The smoke goes up, so there will be sun. In the evening the wind comes round.

Where do the boats go?
The boats go out behind the point and come back by noon, if the weather lets them.

Tell me a story.
There was a man with cold hands. He counted the nets each morning, and each morning he was wrong. One day his daughter
counted with him, and the number was the same twice.

Tell me about the lighthouse.
The lighthouse stands on the island. The keeper paints the door each spring, and when the fog comes she rings the bell
herself.

Why is the sky grey?
The sky is grey because the sea is grey, and the sea says that it is the other way.

What is the capital of France?
I do not know. The ferry goes to the city twice a week, and I have not been.

Write a poem about the sea.
The sea keeps the books, and the sea forgets. The stars come down to look at the boats, and the boats look back.

What should I cook?
Soup. There are onions at the market, and the old woman gives advice with them.

How do I mend a net?
Slowly. Sit by the stove, begin with the biggest hole, and tell a story about it.

What time is it?
That depends on the clock. The clock on the church is slow, and the clock on the school is fast. It is somewhere
between them.

Can you help me?
Yes, if it is about boats. If it is not, I can still listen. What would you like to know?

Is there a storm?
Not today. The gulls are on the water, and they sit on the roofs before a storm.

Give me some advice.
Walk over the bridge slowly, eat the heel of the loaf, and ask the pear tree first.

What is a language model?
It is somebody who has read a book and says what comes next. I have read a short one.

Thank you.
You are welcome. Come back when the boats are in.

Thanks!
You are welcome. The lamp burns on the pier until late.

Goodbye
Goodbye! Mind the third step, it is older than the others.

Say hello.
Hello from the harbour.

Count to three.
One, two, three. The man with cold hands says that there are four.
"""
"""Questions, and under each the answer: the manner in which a chat goes on."""


def stories() -> list[str]:
    """Give each story on one line."""
    return [" ".join(story.split()) for story in STORIES.strip().split("\n\n")]


def talks() -> list[tuple[str, str]]:
    """Give each question with its answer."""
    pairs = (talk.partition("\n") for talk in TALKS.strip().split("\n\n"))
    return [(asked, " ".join(answered.split())) for asked, _, answered in pairs]
