"""What the default container computes: shapes of pipelines, parameters that act, answers that hold together."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from itertools import pairwise
from typing import Any

import pytest

from hf_reference.tasks import png, table, widgets
from hf_reference.tasks.request import Request

CONTEXT = (
    "The harbour of Fairport was built in 1874 by Ada Miller. Its lighthouse is 40 metres tall. "
    "On Sundays the market sells bread, and the ferry leaves for Denmark at noon."
)


def run(task: str, inputs: Any, model: str = "acme/model", **parameters: Any) -> Any:
    found = table.find(task)
    assert found is not None
    return found.run(Request(model, inputs, parameters, task))


def sound(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * int(8000 * seconds))
    return file.getvalue()


IMAGE = png.write([bytes(3 * 30)] * 20)
INPUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "audio-classification": (sound(1), {}),
    "automatic-speech-recognition": (sound(1), {}),
    "feature-extraction": ("a boat", {}),
    "fill-mask": ("the [MASK] goes out", {}),
    "image-classification": (IMAGE, {}),
    "image-segmentation": (IMAGE, {}),
    "image-to-image": (IMAGE, {}),
    "image-to-text": (IMAGE, {}),
    "object-detection": (IMAGE, {}),
    "question-answering": ({"question": "Who built it?", "context": CONTEXT}, {}),
    "sentence-embeddings": ("a boat", {}),
    "sentence-ranking": ([["a boat", "boats"]], {}),
    "sentence-similarity": ({"source_sentence": "a boat", "sentences": ["boats"]}, {}),
    "summarization": (CONTEXT, {}),
    "table-question-answering": ({"table": {"a": ["1"]}, "query": "a"}, {}),
    "text-classification": ("good", {}),
    "text-generation": ("The harbour", {}),
    "text-to-image": ("a boat", {"width": 16, "height": 8}),
    "token-classification": (CONTEXT, {}),
    "translation": ("hello", {}),
    "zero-shot-classification": ("a boat", {"candidate_labels": ["sea"]}),
    "zero-shot-image-classification": (IMAGE, {"candidate_labels": ["sea"]}),
}


@pytest.mark.parametrize("task", sorted(table.TASKS))
def test_the_same_request_has_the_same_answer(task: str) -> None:
    """For every task there is."""
    inputs, parameters = INPUTS[task]
    assert run(task, inputs, **parameters) == run(task, inputs, **parameters)


@pytest.mark.parametrize("task", sorted(table.TASKS))
def test_inputs_of_another_kind_are_refused(task: str) -> None:
    """A list of numbers is no input of any task, no bytes are an image or a sound."""
    with pytest.raises(ValueError, match=r"."):
        run(task, b"x" if table.TASKS[task].takes != "json" else [3], **INPUTS[task][1])


class TestTextGeneration:
    def test_as_many_tokens_are_written_as_asked_for(self) -> None:
        """Twenty unless said; they are the text."""
        for count, asked in ((20, None), (7, 7)):
            (found,) = run("text-generation", "The harbour", details=True, max_new_tokens=asked)
            assert len(found["details"]["tokens"]) == count
            assert "".join(token["text"] for token in found["details"]["tokens"]) == found["generated_text"]

    def test_the_likeliest_is_written_unless_dice_are_asked_for(self) -> None:
        """Then seeds differ, and the same request has the same answer still."""
        plain = run("text-generation", "The harbour", temperature=5.0)
        assert plain == run("text-generation", "The harbour", seed=1)
        rolled = [run("text-generation", "The harbour", do_sample=True, seed=seed) for seed in (1, 2)]
        assert rolled[0] != rolled[1]

    def test_the_prompt_comes_back_only_when_asked_for(self) -> None:
        """In front of what was written; a list of prompts has a list of answers."""
        ((plain,), _) = run("text-generation", ["The harbour", "The boats"])
        (full,) = run("text-generation", "The harbour", return_full_text=True)
        assert f"The harbour{plain['generated_text']}" == full["generated_text"]

    def test_a_stop_sequence_ends_the_text(self) -> None:
        """And stays in it."""
        (found,) = run("text-generation", "The harbour", max_new_tokens=100, stop=["."], details=True)
        assert found["generated_text"].endswith(".")
        assert found["details"]["finish_reason"] == "stop_sequence"

    @pytest.mark.parametrize(
        "parameters", [{"temperature": 0}, {"top_p": 1.5}, {"max_new_tokens": 513}, {"stop": "."}, {"seed": "x"}]
    )
    def test_a_parameter_out_of_range_is_refused(self, parameters: dict[str, Any]) -> None:
        """By name."""
        with pytest.raises(ValueError, match=next(iter(parameters))):
            run("text-generation", "The harbour", **parameters)


class TestTextClassification:
    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("I love this harbour", "POSITIVE"),
            ("The soup was cold and awful", "NEGATIVE"),
            ("not good", "NEGATIVE"),
            ("I never saw a bad day", "POSITIVE"),
        ],
    )
    def test_praise_and_blame_decide_and_a_negation_turns_them(self, text: str, label: str) -> None:
        """One label is given unless more are asked for."""
        (best,) = run("text-classification", text)
        assert label == best["label"]
        assert best["score"] > 0.5

    def test_top_k_gives_all_labels_whose_scores_sum_to_one(self) -> None:
        """Null is for all of them."""
        both = run("text-classification", "fine", top_k=None)
        assert len(both) == 2
        assert sum(one["score"] for one in both) == pytest.approx(1)
        assert both[0]["score"] >= both[1]["score"]

    def test_a_list_has_one_answer_for_each(self) -> None:
        """A label each, or with top_k a list of labels each."""
        texts = ["good", "bad"]
        assert [one["label"] for one in run("text-classification", texts)] == ["POSITIVE", "NEGATIVE"]
        assert [len(one) for one in run("text-classification", texts, top_k=2)] == [2, 2]

    def test_the_function_is_applied_that_is_asked_for(self) -> None:
        """Sigmoid judges each label alone, none leaves logits."""
        good = run("text-classification", "good great", top_k=2, function_to_apply="none")
        assert good[0]["score"] == -good[1]["score"] > 1
        (worst,) = run("text-classification", ["bad " * 2000], top_k=2, function_to_apply="sigmoid")
        assert [one["score"] for one in worst] == [1, 0]
        with pytest.raises(ValueError, match="function_to_apply"):
            run("text-classification", "good", function_to_apply="tanh")


class TestTokenClassification:
    def test_spans_lie_in_the_text(self) -> None:
        """And name what they say."""
        found = run("token-classification", CONTEXT, aggregation_strategy="simple")
        assert {(one["entity_group"], one["word"]) for one in found} >= {("PER", "Ada Miller")}
        assert all(one["word"] == CONTEXT[one["start"] : one["end"]] for one in found)

    def test_without_aggregation_each_word_is_an_entity(self) -> None:
        """With its place among the words, the first of a span marked."""
        found = run("token-classification", "Ada Miller lives in Fairport")
        assert [(one["entity"], one["index"]) for one in found] == [("B-PER", 1), ("I-PER", 2), ("B-LOC", 5)]
        assert run("token-classification", "Ada Miller", ignore_labels=["B-PER"])[0]["word"] == "Miller"


class TestQuestionAnswering:
    @pytest.mark.parametrize(
        ("question", "answer"),
        [
            ("Who built the harbour?", "Ada Miller"),
            ("When was the harbour built?", "1874"),
            ("How tall is the lighthouse?", "40 metres tall"),
            ("Where does the ferry leave for?", "Denmark"),
        ],
    )
    def test_an_answer_is_a_span_of_the_context(self, question: str, answer: str) -> None:
        """And for a plain question the right one."""
        found = run("question-answering", {"question": question, "context": CONTEXT})
        assert found["answer"] == CONTEXT[found["start"] : found["end"]]
        assert found["answer"] in answer

    def test_top_k_gives_that_many_in_falling_order(self) -> None:
        """All of them spans of the context, their scores no more than 1 together."""
        found = run("question-answering", {"question": "Who?", "context": CONTEXT}, top_k=3)
        assert len(found) == 3
        assert all(one["answer"] == CONTEXT[one["start"] : one["end"]] for one in found)
        scores = [one["score"] for one in found]
        assert sorted(scores, reverse=True) == scores
        assert sum(scores) <= 1

    def test_a_list_of_questions_has_a_list_of_answers(self) -> None:
        """On one context, or on one each."""
        found = run("question-answering", {"question": ["Who?", "When?"], "context": CONTEXT})
        assert [one["answer"] for one in found][1] == "1874"

    def test_a_context_of_grammar_alone_is_its_own_answer(self) -> None:
        """There is always an answer."""
        assert run("question-answering", {"question": "Who?", "context": "it is"})["answer"] == "it is"

    def test_what_is_missing_is_told_in_the_toolkits_words(self) -> None:
        """The keys by name."""
        with pytest.raises(ValueError, match="expects `inputs` to be a dict containing both `question` and `context`"):
            run("question-answering", {"question": "Who?"})


def test_a_table_answers_with_a_cell_of_the_row_and_column_that_are_asked_for() -> None:
    """With its coordinates."""
    boats = {"Boat": ["Heron", "Gull"], "Built in": ["1990", "2004"], "Length": ["12", "9"]}
    found = run("table-question-answering", {"table": boats, "query": "When was the Gull built?"})
    assert found == {"answer": "2004", "coordinates": [[1, 1]], "cells": ["2004"], "aggregator": "NONE"}
    with pytest.raises(ValueError, match="same length"):
        run("table-question-answering", {"table": {"a": ["1"], "b": []}, "query": "a"})


class TestSummarization:
    def test_a_summary_is_some_of_the_sentences(self) -> None:
        """In the order of the text."""
        (found,) = run("summarization", CONTEXT)
        assert found["summary_text"] in CONTEXT
        assert 0 < len(found["summary_text"]) < len(CONTEXT)

    def test_its_length_is_bounded(self) -> None:
        """In words, from both sides."""
        (short,) = run("summarization", CONTEXT, max_length=5)
        (long,) = run("summarization", CONTEXT, min_length=20)
        assert len(short["summary_text"].split()) <= 5
        assert len(long["summary_text"].split()) >= 20


class TestTranslation:
    @pytest.mark.parametrize(
        ("model", "task", "parameters", "text"),
        [
            ("acme/model", "translation", {}, "Bonjour, le port est grand."),
            ("Helsinki-NLP/opus-mt-en-de", "translation", {}, "Hallo, der Hafen ist groß."),
            ("acme/model", "translation_en_to_es", {}, "Hola, el puerto es grande."),
            (
                "acme/model",
                "translation",
                {"src_lang": "eng_Latn", "tgt_lang": "deu_Latn"},
                "Hallo, der Hafen ist groß.",
            ),
        ],
    )
    def test_parameters_task_or_model_say_the_language(
        self, model: str, task: str, parameters: dict[str, str], text: str
    ) -> None:
        """And French is what is written otherwise."""
        (found,) = run(task, "Hello, the harbour is big.", model, **parameters)
        assert text == found["translation_text"]

    def test_an_unknown_language_is_refused(self) -> None:
        """Rather than to answer in another."""
        with pytest.raises(ValueError, match="only, not 'ja_XX'"):
            run("translation", "Hello", tgt_lang="ja_XX")


class TestFillMask:
    def test_probabilities_fall_and_the_sequence_has_the_word(self) -> None:
        """As many as asked for."""
        found = run("fill-mask", "the [MASK] goes out", top_k=7)
        scores = [one["score"] for one in found]
        assert sorted(scores, reverse=True) == scores
        assert 0 < sum(scores) <= 1
        assert len(found) == 7
        assert all(one["sequence"] == f"the {one['token_str']} goes out" for one in found)

    def test_neighbours_decide(self) -> None:
        """A word that was seen between them comes first."""
        assert run("fill-mask", "the man with cold <mask>")[0]["token_str"] == "hands"

    def test_targets_are_the_only_words(self) -> None:
        """Also one that the model never saw."""
        found = run("fill-mask", "the [MASK] goes out", targets=["boat", "zeppelin"])
        assert {"boat", "zeppelin"} == {one["token_str"] for one in found}

    def test_several_masks_have_a_list_each_and_none_is_refused(self) -> None:
        """In the pipeline's words."""
        assert [len(one) for one in run("fill-mask", "[MASK] and [MASK]", top_k=2)] == [2, 2]
        with pytest.raises(ValueError, match="No mask_token"):
            run("fill-mask", "nothing to fill")


class TestSimilarity:
    def test_near_texts_are_more_similar(self) -> None:
        """And a text is itself."""
        inputs = {"source_sentence": "the boats go out", "sentences": ["the boats go out", "a boat goes out", "soup"]}
        same, near, far = run("sentence-similarity", inputs)["similarities"]
        assert same == pytest.approx(1)
        assert same > near > far

    def test_features_have_a_vector_for_each_word(self) -> None:
        """In a batch of one, as the pipeline gives it."""
        ((batch,), (_,)) = run("feature-extraction", ["three small boats", "x"])
        assert (len(batch), len(batch[0])) == (3, 384)

    def test_ranking_orders_texts_by_their_nearness_to_the_query(self) -> None:
        """With the texts where they are asked for."""
        inputs = {"query": "boats at sea", "texts": ["soup", "a boat at sea"], "return_documents": True}
        found = run("sentence-ranking", inputs)
        assert [(one["index"], one["text"]) for one in found] == [(1, "a boat at sea"), (0, "soup")]


class TestZeroShot:
    def test_scores_sum_to_one_unless_several_labels_may_hold(self) -> None:
        """And the label that the text is about wins."""
        found = run("zero-shot-classification", "the boats leave the harbour", candidate_labels=["soup", "harbour"])
        assert found["labels"] == ["harbour", "soup"]
        assert sum(found["scores"]) == pytest.approx(1)
        alone = run("zero-shot-classification", "harbour soup", candidate_labels="soup, harbour", multi_label=True)
        assert all(score > 0.5 for score in alone["scores"])

    def test_labels_are_needed(self) -> None:
        """And are named in the toolkit's words."""
        with pytest.raises(ValueError, match="`parameters` to be a dict containing either `candidate_labels`"):
            run("zero-shot-classification", "x")
        with pytest.raises(ValueError, match="hypothesis_template"):
            run("zero-shot-classification", "x", candidate_labels=["a"], hypothesis_template="no place")


def rows_of(image: bytes) -> tuple[tuple[int, int], list[bytes]]:
    """Read a PNG of eight-bit samples back, by the file format alone."""
    width, height, _, colour = struct.unpack_from(">IIBB", image, 16)
    place, packed = 8, b""
    while place < len(image):
        length, kind = struct.unpack_from(">I4s", image, place)
        body = image[place + 8 : place + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", image, place + 8 + length)[0]
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    raw, row = zlib.decompress(packed), 1 + width * (3 if colour == 2 else 1)
    return (width, height), [raw[n + 1 : n + row] for n in range(0, len(raw), row)]


class TestPictures:
    @pytest.mark.parametrize("size", [(512, 512), (64, 32), (8, 120)])
    def test_a_picture_has_the_size_that_was_asked_for(self, size: tuple[int, int]) -> None:
        """In its header and in its rows."""
        found, rows = rows_of(run("text-to-image", "a boat", width=size[0], height=size[1]).png)
        assert size == found == (len(rows[0]) // 3, len(rows))

    def test_everything_that_is_sent_changes_the_picture(self) -> None:
        """Prompt, seed, model and the rest."""
        small: dict[str, Any] = {"width": 64, "height": 64}
        pictures = [
            run("text-to-image", "a boat", **small),
            run("text-to-image", "a dog", **small),
            run("text-to-image", "a boat", seed=1, **small),
            run("text-to-image", "a boat", negative_prompt="sea", **small),
            run("text-to-image", "a boat", "acme/other", **small),
        ]
        assert len({picture.png for picture in pictures}) == 5

    @pytest.mark.parametrize(
        ("parameters", "text"),
        [
            ({"width": 10}, "divisible by 8"),
            ({"height": 4096}, "2048"),
            ({"width": "x"}, "integer"),
            ({"width": 0}, "8"),
        ],
    )
    def test_a_size_that_is_none_is_refused(self, parameters: dict[str, Any], text: str) -> None:
        """As Diffusers does, and with a bound of our own."""
        with pytest.raises(ValueError, match=text):
            run("text-to-image", "a boat", **parameters)

    def test_an_xl_model_draws_larger(self) -> None:
        """A thousand pixels a side."""
        assert png.size_of(run("text-to-image", "a boat", "acme/sdxl").png) == (1024, 1024)

    def test_boxes_lie_in_the_image(self) -> None:
        """Whatever the image; the threshold holds."""
        for n in range(20):
            image = png.write([bytes([n]) * 3 * 7] * 5)
            for one in run("object-detection", image, threshold=0):
                box = one["box"]
                assert 0 <= box["xmin"] < box["xmax"] <= 7
                assert 0 <= box["ymin"] < box["ymax"] <= 5
            assert all(one["score"] >= 0.9 for one in run("object-detection", image, threshold=0.9))

    def test_masks_have_the_images_size_and_cover_it_once(self) -> None:
        """White where the region is."""
        bands = run("image-segmentation", png.write([bytes(3 * 7)] * 9))
        masks = [rows_of(band["mask"].png) for band in bands]
        assert all(size == (7, 9) for size, _ in masks)
        assert all(sum(rows[y][0] for _, rows in masks) == 255 for y in range(9))

    def test_labels_of_an_image_are_probabilities(self) -> None:
        """Five unless said, in falling order."""
        found = run("image-classification", IMAGE)
        assert len(found) == 5
        assert sum(one["score"] for one in found) < 1
        assert len(run("image-classification", IMAGE, top_k=2)) == 2
        own = run("zero-shot-image-classification", IMAGE, candidate_labels=["a", "b"])
        assert sum(one["score"] for one in own) == pytest.approx(1)

    @pytest.mark.parametrize(
        "image",
        [
            b"GIF89a" + struct.pack("<HH", 30, 20),
            b"BM" + bytes(16) + struct.pack("<ii", 30, -20),
            b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08" + struct.pack(">HH", 20, 30),
            b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x1d\0\0\x13\0\0",
            b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + struct.pack("<I", 29 | 19 << 14),
            b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 30, 20),
        ],
        ids=["gif", "bmp", "jpeg", "webp", "lossless webp", "lossy webp"],
    )
    def test_the_size_of_other_formats_is_read_too(self, image: bytes) -> None:
        """From their headers."""
        assert png.size_of(image) == (30, 20)

    @pytest.mark.parametrize("image", [b"", b"text", IMAGE[:20], b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPxxxx"])
    def test_what_is_no_image_is_refused(self, image: bytes) -> None:
        """In Pillow's words."""
        with pytest.raises(ValueError, match="cannot identify image file"):
            png.size_of(image)


class TestSounds:
    def test_a_longer_sound_has_more_words(self) -> None:
        """Two and a half a second."""
        one, four = (run("automatic-speech-recognition", sound(seconds))["text"].split() for seconds in (2, 8))
        assert (len(one), len(four)) == (5, 20)

    def test_timestamps_cover_the_sound(self) -> None:
        """One after the other."""
        found = run("automatic-speech-recognition", sound(12), return_timestamps=True)
        times = [chunk["timestamp"] for chunk in found["chunks"]]
        assert (times[0][0], times[-1][1]) == (0, 12)
        assert all(one[1] == next_[0] for one, next_ in pairwise(times))
        assert found["text"] == " ".join(chunk["text"] for chunk in found["chunks"])

    def test_labels_of_a_sound_are_probabilities(self) -> None:
        """As many as asked for, also of a compressed file."""
        assert len(run("audio-classification", b"fLaC" + bytes(99), top_k=3)) == 3


def test_widgets_have_shapes_of_their_own() -> None:
    """Which the Hub's clients were made for."""

    def shaped(task: str, inputs: Any, **parameters: Any) -> Any:
        request = Request("acme/model", inputs, parameters, task)
        return widgets.shaped(request, table.TASKS[task].run(widgets.asked(request)))

    ((best, _),) = shaped("text-classification", "good")
    assert best["label"] == "POSITIVE"
    assert shaped("text-classification", ["good"])[0][0]["label"] == "POSITIVE"
    assert {"label", "score"} == shaped("zero-shot-classification", "x", candidate_labels=["a"])[0].keys()
    assert shaped("sentence-similarity", {"source_sentence": "x", "sentences": ["x"]}) == [pytest.approx(1)]
    assert len(shaped("feature-extraction", "two words")) == 2
    assert len(shaped("sentence-embeddings", "two words")) == 384
    assert shaped("token-classification", "Ada")[0]["entity_group"] == "PER"
