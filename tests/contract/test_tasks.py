"""The default container by task, with the Hub's own inference clients."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import BadRequestError
from huggingface_hub.utils import get_session
from PIL import Image

from hf_reference.hub_models import MODELS
from hf_reference.tasks import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Deployed = Callable[..., str]

WIDGETS = {"API_INFERENCE_COMPAT": "true"}
"""The environment in which the container answers in the shapes that the clients were made for."""
CONTEXT = "The harbour was built by Ada Miller in 1874. The lighthouse is tall. The soup is hot."


def image(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "navy").save(file, format=kind)
    return file.getvalue()


def sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * 16_000)
    return file.getvalue()


def test_text_is_classified(deployed: Deployed) -> None:
    """Text, words and labels of one's own."""
    found = InferenceClient(deployed("text-classification", env=WIDGETS)).text_classification("A lovely day")
    assert [one.label for one in found] == ["POSITIVE", "NEGATIVE"]
    entities = InferenceClient(deployed("token-classification", env=WIDGETS)).token_classification(CONTEXT)
    assert "Ada Miller" in [one.word for one in entities]
    zero_shot = InferenceClient(deployed("zero-shot-classification", env=WIDGETS))
    chosen = zero_shot.zero_shot_classification("The boats leave the harbour", candidate_labels=["soup", "harbour"])
    assert [one.label for one in chosen] == ["harbour", "soup"]
    assert sum(one.score for one in chosen) == pytest.approx(1)


def test_a_text_answers_questions_and_is_shortened(deployed: Deployed) -> None:
    """Answers are spans; one of them or several."""
    client = InferenceClient(deployed("question-answering"))
    one = client.question_answering(question="Who built the harbour?", context=CONTEXT)
    assert not isinstance(one, list)
    assert (one.answer, CONTEXT[one.start : one.end]) == ("Ada Miller", "Ada Miller")
    several = client.question_answering(question="Who built the harbour?", context=CONTEXT, top_k=2)
    assert isinstance(several, list)
    assert len(several) == 2
    summary = InferenceClient(deployed("summarization")).summarization(CONTEXT)
    assert summary.summary_text in CONTEXT
    translated = InferenceClient(deployed("translation")).translation("Hello, my friend")
    assert translated.translation_text == "Bonjour, mon ami"
    table = InferenceClient(deployed("table-question-answering"))
    cell = table.table_question_answering({"Boat": ["Heron"], "Length": ["12"]}, "What length has the Heron?")
    assert cell.answer == "12"


def test_masks_are_filled(deployed: Deployed) -> None:
    """As many words as are asked for."""
    found = InferenceClient(deployed("fill-mask")).fill_mask("The man with cold <mask>", top_k=3)
    assert found[0].token_str == "hands"
    assert len(found) == 3


def test_texts_become_vectors(deployed: Deployed) -> None:
    """One per word; sentences are compared."""
    vectors = InferenceClient(deployed("feature-extraction", env=WIDGETS)).feature_extraction("three small boats")
    assert vectors.shape == (3, 384)
    client = InferenceClient(deployed("sentence-similarity", env=WIDGETS))
    same, far = client.sentence_similarity("a boat", other_sentences=["a boat", "soup"])
    assert same == pytest.approx(1)
    assert far < 0.5


def test_a_prompt_becomes_a_picture(deployed: Deployed) -> None:
    """Of the size that was asked for; the same prompt and seed give the same one."""
    client = InferenceClient(deployed("text-to-image"))
    drawn = client.text_to_image("a boat", width=64, height=32, seed=1)
    assert drawn.size == (64, 32)
    assert drawn.tobytes() == client.text_to_image("a boat", width=64, height=32, seed=1).tobytes()
    assert drawn.tobytes() != client.text_to_image("a boat", width=64, height=32, seed=2).tobytes()
    assert len(drawn.getcolors() or []) > 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_images_are_labelled(deployed: Deployed, kind: str) -> None:
    """Also where no content type says what they are; boxes lie in them, masks have their size."""
    picture = image(kind)
    labels = InferenceClient(deployed("image-classification")).image_classification(picture)
    assert len(labels) == 5
    objects = InferenceClient(deployed("object-detection")).object_detection(picture, threshold=0.1)
    assert all(one.box.xmax <= 30 and one.box.ymax <= 20 for one in objects)
    masks: list[Any] = [one.mask for one in InferenceClient(deployed("image-segmentation")).image_segmentation(picture)]
    assert {(30, 20)} == {mask.size for mask in masks}


def test_images_come_with_parameters_or_as_a_file(deployed: Deployed, tmp_path: Path) -> None:
    """In base64 inside of JSON, or with the content type of the file's name."""
    client = InferenceClient(deployed("image-classification"))
    file = tmp_path / "boat.png"
    file.write_bytes(image())
    assert len(client.image_classification(file, top_k=2)) == 2
    assert client.image_classification(file)[:2] == client.image_classification(image(), top_k=2)
    drawn = InferenceClient(deployed("image-to-image")).image_to_image(image(), prompt="at night")
    assert drawn.size == (30, 20)
    own = InferenceClient(deployed("zero-shot-image-classification"))
    assert len(own.zero_shot_image_classification(image(), candidate_labels=["boat", "soup"])) == 2
    assert "30 by 20" in (InferenceClient(deployed("image-to-text")).image_to_text(image()).generated_text or "")


def test_sounds_are_written_down_and_labelled(deployed: Deployed) -> None:
    """Two seconds are five words."""
    heard = InferenceClient(deployed("automatic-speech-recognition")).automatic_speech_recognition(sound())
    assert len(heard.text.split()) == 5
    labels = InferenceClient(deployed("audio-classification")).audio_classification(sound(), top_k=2)
    assert len(labels) == 2


# huggingface_hub 2.4.0 sends bytes by an argument that its own HTTP client calls deprecated.
@pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload:DeprecationWarning")
def test_the_asynchronous_client_gets_the_same(deployed: Deployed) -> None:
    """Text, labels and pictures at once."""
    labels, drawing, hearing = (
        deployed("text-classification", env=WIDGETS),
        deployed("text-to-image"),
        deployed("automatic-speech-recognition"),
    )

    async def ask() -> tuple[Any, Any, Any]:
        async with AsyncInferenceClient() as client:
            return await asyncio.gather(
                client.text_classification("A lovely day", model=labels),
                client.text_to_image("a boat", model=drawing, width=64, height=64),
                client.automatic_speech_recognition(sound(), model=hearing),
            )

    found, drawn, heard = asyncio.run(ask())
    assert found == InferenceClient(labels).text_classification("A lovely day")
    assert drawn.size == (64, 64)
    assert heard == InferenceClient(hearing).automatic_speech_recognition(sound())


def test_plain_answers_are_those_of_pipelines(deployed: Deployed) -> None:
    """Without the widgets' environment; several inputs in one request have an answer each."""

    def ask(task: str, body: Any) -> Any:
        return get_session().post(deployed(task), json=body).json()

    assert ask("text-classification", {"inputs": "good"})[0]["label"] == "POSITIVE"
    assert [one["label"] for one in ask("text-classification", {"inputs": ["good", "bad"]})] == ["POSITIVE", "NEGATIVE"]
    zero_shot = {"inputs": "harbour", "parameters": {"candidate_labels": ["harbour", "soup"]}}
    assert ask("zero-shot-classification", zero_shot)["labels"] == ["harbour", "soup"]
    assert list(ask("sentence-similarity", {"inputs": {"source_sentence": "x", "sentences": ["x"]}})) == [
        "similarities"
    ]
    assert [len(batch) for batch in ask("feature-extraction", {"inputs": "two words"})] == [2]
    predictions = ask("text-classification", {"instances": ["good", "bad"]})["predictions"]
    assert [one[0]["label"] for one in predictions] == ["POSITIVE", "NEGATIVE"]


def test_a_picture_in_json_is_base64(deployed: Deployed) -> None:
    """Where nothing else is accepted by name."""
    answered = get_session().post(deployed("text-to-image"), json={"inputs": "a boat"})
    assert answered.headers["content-type"] == "application/json"
    assert Image.open(io.BytesIO(base64.b64decode(answered.json()))).size == (512, 512)


def test_query_parameters_become_parameters_of_a_body_without_any(deployed: Deployed) -> None:
    """As numbers and booleans where they are."""
    url = deployed("text-classification")
    assert len(get_session().post(url, params={"top_k": "2"}, json={"inputs": "good"}).json()) == 2
    body = {"inputs": "good", "parameters": {"top_k": 1}}
    assert len(get_session().post(url, params={"top_k": "2"}, json=body).json()) == 1


@pytest.mark.parametrize(
    ("task", "content", "headers", "text"),
    [
        ("text-classification", b'{"text":"x"}', {}, 'Body needs to provide a inputs key, received: {"text":"x"}'),
        ("text-classification", b'{"instances":"good"}', {}, "`instances` must be a list"),
        ("text-classification", b"{}", {"content-type": "text/csv"}, 'Content type "text/csv" not supported'),
        ("text-classification", b'{"inputs":"x"}', {"accept": "text/html"}, 'Accept type "text/html" not supported'),
        ("text-classification", b'{"inputs":"x"}', {"accept": "image/png"}, "the answer is no image"),
        ("text-to-image", b'{"inputs":"x"}', {"accept": "image/webp"}, "draws image/png only"),
        ("image-classification", b"nothing", {"content-type": "image/png"}, "cannot identify image file"),
        ("image-classification", b'{"inputs":"boat.png"}', {"content-type": "application/json"}, "base64"),
        ("automatic-speech-recognition", b"nothing", {"content-type": "audio/flac"}, "Soundfile is either not"),
        (
            "text-generation",
            b"x",
            {"content-type": "application/octet-stream"},
            "not supported for task text-generation",
        ),
    ],
)
def test_whatever_goes_wrong_is_a_400_with_a_text(
    deployed: Deployed, task: str, content: bytes, headers: dict[str, str], text: str
) -> None:
    """As the toolkit words it."""
    answered = get_session().post(deployed(task), content=content, headers=headers)
    assert answered.status_code == 400
    assert text in answered.json()["error"]


def test_the_client_shows_the_text(deployed: Deployed) -> None:
    """At the end of its own error."""
    with pytest.raises(BadRequestError, match="divisible by 8"):
        InferenceClient(deployed("text-to-image")).text_to_image("a boat", width=13)


def test_a_known_model_brings_its_task_along(deployed: Deployed) -> None:
    """Every one of them is answered by the default container, but for those that TEI is for."""
    assert {"text-ranking"} == {model.task for model in MODELS.values() if table.find(model.task) is None}
    client = InferenceClient(deployed(None, repository="Helsinki-NLP/opus-mt-en-fr"))
    assert client.translation("Thanks, my friend").translation_text == "Merci, mon ami"


def test_metrics_are_lines_of_text(deployed: Deployed) -> None:
    """Nobody waits here."""
    answered = get_session().get(f"{deployed('text-classification')}/metrics")
    assert answered.text.splitlines()[:2] == ["inf_batch_current_size 0", "inf_queue_size 0"]
