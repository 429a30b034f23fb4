// Call endpoints with the current client; arguments: token, and the addresses by task as JSON. Prints JSON.
import { InferenceClient } from '@huggingface/inference-current'

const token = process.argv[2]
const urls = JSON.parse(process.argv[3])
const at = (task) => new InferenceClient(token, { endpointUrl: urls[task] })
// The default container answers `*/*`, which is what fetch sends, with JSON.
const forPicture = (url, init) => fetch(url, { ...init, headers: { ...init.headers, Accept: 'image/png' } })
const inputs = 'The harbour'
const messages = [{ role: 'user', content: 'What does one see in a harbour?' }]
const parts = []
for await (const chunk of at('text').chatCompletionStream({ messages, max_tokens: 5, seed: 7 })) {
  parts.push(chunk.choices[0]?.delta?.content ?? '')
}
const chat = await at('text').chatCompletion({ messages, max_tokens: 5, seed: 7 })
const failed = await at('text')
  .textGeneration({ inputs, parameters: { max_new_tokens: 5, temperature: -1 } })
  .catch((failure) => failure.message)
console.log(
  JSON.stringify({
    chat: chat.choices[0].message.content,
    used: chat.usage.completion_tokens,
    streamed: parts.join(''),
    text: (await at('text').textGeneration({ inputs, parameters: { max_new_tokens: 5 } })).generated_text,
    failed,
    vector: (await at('embed').featureExtraction({ inputs })).flat(Infinity).length,
    labels: await at('classify').textClassification({ inputs: 'a good day' }),
    image: (await at('image').textToImage({ inputs: 'a lighthouse' }, { fetch: forPicture })).size,
  }),
)
