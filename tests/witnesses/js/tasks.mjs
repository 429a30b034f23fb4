// Call endpoints with the client of that name; arguments: token, and the addresses by task as JSON. Prints JSON.
import { HfInferenceEndpoint } from '@huggingface/inference'

const token = process.argv[2]
const urls = JSON.parse(process.argv[3])
const at = (task) => new HfInferenceEndpoint(urls[task], token)
// The default container answers `*/*`, which is what fetch sends, with JSON.
const forPicture = (url, init) => fetch(url, { ...init, headers: { ...init.headers, Accept: 'image/png' } })
const inputs = 'The harbour'
const parameters = { max_new_tokens: 5 }
const failed = await at('text')
  .textGeneration({ inputs, parameters: { temperature: -1 } })
  .catch((failure) => failure.message)
console.log(
  JSON.stringify({
    text: (await at('text').textGeneration({ inputs, parameters })).generated_text,
    failed,
    labels: await at('classify').textClassification({ inputs: 'a good day' }),
    image: (await at('image').textToImage({ inputs: 'a lighthouse' }, { fetch: forPicture })).size,
  }),
)
