"""Stream tokens as the announcement of LLMs on Inference Endpoints does; the arguments are its URL and its token."""

import sys

from huggingface_hub import InferenceClient

url, token = sys.argv[1:]
client = InferenceClient(url, token=token)
stops = ["\nUser:", "<|endoftext|>", "</s>"]
parameters = {
    "max_new_tokens": 512,
    "top_k": 30,
    "top_p": 0.9,
    "temperature": 0.2,
    "repetition_penalty": 1.02,
    "stop_sequences": stops,
}
prompt = "What can you do in Nuremberg, Germany? Give me 3 Tips"
for answer in client.text_generation(prompt, stream=True, details=True, **parameters):  # type: ignore[call-overload]
    if answer.token.special:
        continue
    if answer.token.text in stops:
        break
    print(answer.token.text, end="")  # noqa: T201 - its output
