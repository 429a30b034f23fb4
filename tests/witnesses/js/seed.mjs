// Stream tokens as the announcement of LLMs on Inference Endpoints does; the arguments are its URL and its token.
import { HfInferenceEndpoint } from '@huggingface/inference'

const [url, token] = process.argv.slice(2)
const hf = new HfInferenceEndpoint(url, token)
const parameters = {
  max_new_tokens: 512,
  top_k: 30,
  top_p: 0.9,
  temperature: 0.2,
  repetition_penalty: 1.02,
  stop_sequences: ['\nUser:', '<|endoftext|>', '</s>'],
}
const inputs = 'What can you do in Nuremberg, Germany? Give me 3 Tips'
for await (const answer of hf.textGenerationStream({ inputs, parameters })) {
  if (answer.token.special) continue
  if (parameters.stop_sequences.includes(answer.token.text)) break
  process.stdout.write(answer.token.text)
}
