"""Trains the reader on questions with passages and sentences that answer them or don't, from the bundled encoder's weights.

    python -m qa.retrieval.train_reader --train squad2_dev.jsonl --train ... --work FOLDER

Each line has `question`, `text`, `label` (1: it answers), `level` ("passage" or "sentence"), `kind` and `source`. Rows of
one question are brought together: the sentences that answer are looked up in its passage, or, where there is none, all
its sentences are put together as one. Whatever was stopped goes on from its last checkpoint in FOLDER.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model
from qa.models.training import Training, autocast
from qa.passages import sentences
from qa.retrieval.reader import LONGEST, WEIGHTS, Heads, collated, pair, scores

SEED = 7
EPOCHS = 3
TOKENS_A_BATCH = 4096
WARM_UP = 100  # steps
SAVE_EVERY = 100  # steps
HELD_OUT = 12  # one passage in so many is kept back to score on
WITHOUT_ANSWER = 0.3  # share of answered passages whose answering sentence is taken out, where nothing else is
FOREIGN = 0.25  # share of questions that are also asked of a like passage that isn't theirs
NO_QUESTION_MARK = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the sentences of a passage. `gold` are those that answer, none where it can't be told which do."""

    question: tuple[int, ...]
    sentences: tuple[tuple[int, ...], ...]
    answered: bool
    gold: frozenset[int]
    whole: bool  # a passage as it stands in its text
    passage: str  # a name for it


def examples(files: Sequence[Path], tokenizer: Any) -> list[Example]:
    """Read the rows of all files."""
    by_question: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            by_question[row["source"], row["question"]].append(row)
    cut: dict[str, tuple[str, ...]] = {}
    tokens: dict[str, tuple[int, ...]] = {}

    def sentences_of(text: str) -> tuple[str, ...]:
        if text not in cut:
            cut[text] = tuple(span.of(text) for span in sentences(text))
        return cut[text]

    def tokens_of(text: str) -> tuple[int, ...]:
        if text not in tokens:
            tokens[text] = tuple(tokenizer.encode(text, add_special_tokens=False).ids)
        return tokens[text]

    found = []
    for (_, question), rows in by_question.items():
        for texts, answered, gold, whole in _passages(rows, sentences_of):
            name = hashlib.sha256("".join(sorted(texts)).encode()).hexdigest()[:16]
            found.append(Example(tokens_of(question), tuple(map(tokens_of, texts)), answered, frozenset(gold), whole, name))
    return found


def _passages(rows: list[dict[str, Any]], sentences_of: Any) -> Iterator[tuple[list[str], bool, list[int], bool]]:
    """Yield each passage of one question: its sentences, whether it answers, which of them do, and whether it is one text."""
    answers = [row["text"].strip() for row in rows if row["level"] == "sentence" and row["label"]]
    passages = [row for row in rows if row["level"] == "passage"]
    for row in passages:
        texts = list(sentences_of(row["text"]))
        span = row.get("answer_span")
        gold = [at for at, text in enumerate(texts) if any(text in answer or answer in text for answer in answers)] if row["label"] else []
        if row["label"] and not gold and span:
            words = row["text"][span[0] : span[1]]
            gold = [at for at, text in enumerate(texts) if words in text]
        yield texts, bool(row["label"]), gold, True
    loose = [row for row in rows if row["level"] == "sentence"]
    if not passages and loose:
        yield [row["text"] for row in loose], bool(answers), [at for at, row in enumerate(loose) if row["label"]], False


def foreign(found: Sequence[Example]) -> dict[int, list[int]]:
    """Return, for each example of a whole passage, other passages of like words (cosine of tf-idf over tokens)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    first: dict[str, int] = {}
    for at, example in enumerate(found):
        if example.whole:
            first.setdefault(example.passage, at)
    numbers = list(first.values())
    vectorizer = TfidfVectorizer(analyzer=lambda tokens: tokens, sublinear_tf=True)
    passages = vectorizer.fit_transform([[t for s in found[at].sentences for t in s] for at in numbers])
    asked = [at for at, example in enumerate(found) if example.whole]
    likeness = vectorizer.transform([found[at].question for at in asked]) @ passages.T
    near: dict[int, list[int]] = {}
    for row, at in enumerate(asked):
        line = likeness[[row]]
        best = line.indices[np.argsort(-line.data)][:12]
        near[at] = [numbers[n] for n in best if found[numbers[n]].passage != found[at].passage][:8]
    return near


def varied(found: Sequence[Example], near: Mapping[int, list[int]], question_mark: int, chance: random.Random) -> Iterator[Example]:
    """Yield what one epoch learns from: each example, changed by chance, and some questions asked of other passages."""
    disappointing = {example.passage for example in found if example.whole and not example.answered}  # has unanswerable questions already
    for at, example in enumerate(found):
        asked = example.question
        if asked[-1:] == (question_mark,) and chance.random() < NO_QUESTION_MARK:
            asked = asked[:-1]
        order = list(range(len(example.sentences)))
        if not example.whole:
            chance.shuffle(order)
        gold = example.gold
        without = WITHOUT_ANSWER * (0.3 if example.passage in disappointing else 1)
        if gold and len(order) - len(gold) >= 1 + example.whole and chance.random() < without:
            order, gold = [n for n in order if n not in gold], frozenset()
        yield replace(
            example,
            question=asked,
            sentences=tuple(example.sentences[n] for n in order),
            gold=frozenset(new for new, old in enumerate(order) if old in gold),
            answered=example.answered and bool(gold or not example.gold),
        )
        if near.get(at) and chance.random() < FOREIGN:
            other = found[chance.choice(near[at])]
            yield replace(example, question=asked, sentences=other.sentences, gold=frozenset(), answered=False)


def batches(items: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Put examples of like length together, in random order."""

    def length(example: Example) -> int:
        return min(LONGEST, len(example.question) + sum(map(len, example.sentences)) + 3)

    shuffled = chance.sample(list(items), len(items))
    grouped: list[list[Example]] = [[]]
    for example in sorted(shuffled, key=lambda e: length(e) // 8):
        if (len(grouped[-1]) + 1) * (length(example) + 8) > TOKENS_A_BATCH:
            grouped.append([])
        grouped[-1].append(example)
    chance.shuffle(grouped)
    return grouped


def loss_of(model: Any, heads: Heads, batch: Sequence[Example]) -> torch.Tensor:
    """Return minus the mean logarithm of the chance given to the sentences that answer, or to none of them."""
    pairs = [pair(example.question, example.sentences) for example in batch]
    ids, mask, kinds, sentence = collated(pairs)
    with autocast():
        states = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    found = heads(states.float(), sentence).log_softmax(-1)
    wanted = torch.zeros_like(found, dtype=torch.bool)
    for row, (example, read) in enumerate(zip(batch, pairs, strict=True)):
        gold = [n for n in example.gold if n < read.sentences]
        if example.answered and (gold or not example.gold):
            wanted[row, 1 : 1 + read.sentences] = torch.tensor([not gold or n in gold for n in range(read.sentences)])
        else:
            wanted[row, 0] = True
    loss: torch.Tensor = -found.masked_fill(~wanted, torch.finfo(found.dtype).min).logsumexp(-1).mean()
    return loss


def figures(held: Sequence[Example], model: Any, heads: Heads) -> dict[str, float]:
    """Return, for whole passages, how well answerability is told (area under the curve, balanced accuracy) and the best sentence."""
    from sklearn.metrics import roc_auc_score

    whole = [example for example in held if example.whole]
    found = scores([pair(example.question, example.sentences) for example in whole], BareBert.of(model), heads)
    odds = np.array([np.logaddexp.reduce(row[1:]) - row[0] for row in found])
    answered = np.array([example.answered for example in whole])
    right = [int(row[1:].argmax()) in example.gold for row, example in zip(found, whole, strict=True) if example.gold]
    balanced = ((odds > 0)[answered].mean() + (odds <= 0)[~answered].mean()) / 2
    return {
        "auc": round(float(roc_auc_score(answered, odds)), 4),
        "balanced": round(float(balanced), 4),
        "sentence": round(float(np.mean(right)), 4),
    }


def _held_out(example: Example) -> bool:
    return int(example.passage, 16) % HELD_OUT == 0


class Run:
    """One training; what it has learnt is written at the end of each epoch."""

    def __init__(self, files: Sequence[Path], work: Path, output: Path) -> None:
        """Read the rows, and the checkpoint where there is one."""
        work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        self._output = output
        self._model, tokenizer = bundled_model()
        self._model.train()
        self._heads = Heads(self._model.config.hidden_size)
        self._question_mark = tokenizer.encode("?", add_special_tokens=False).ids[0]
        found = examples(files, tokenizer)
        self._held = [example for example in found if _held_out(example)]
        self._learnt = [example for example in found if not _held_out(example)]
        self._near = foreign(self._learnt)
        self._steps_an_epoch = len(self._epoch(0))
        self._training = Training(self._model, self._heads, EPOCHS * self._steps_an_epoch, WARM_UP, work / "checkpoint.pt", SEED)
        if self._training.step:
            click.echo(f"going on from step {self._training.step:,}")

    def _epoch(self, number: int) -> list[list[Example]]:
        chance = random.Random(SEED + number)
        return batches(list(varied(self._learnt, self._near, self._question_mark, chance)), chance)

    def go_on(self) -> None:
        """Train to the end."""
        training = self._training
        click.echo(f"{len(self._learnt):,} questions to learn from, {len(self._held):,} held out, {training.steps:,} steps")
        began, at, recent = time.monotonic(), training.step, 0.0
        while training.step < training.steps:
            epoch = training.step // self._steps_an_epoch
            order = self._epoch(epoch)
            order = [order[number % len(order)] for number in range(self._steps_an_epoch)]
            for batch in order[training.step % self._steps_an_epoch :]:
                recent = 0.98 * recent + 0.02 * self._learn(batch)
                if training.step % 50 == 0:
                    left = (training.steps - training.step) * (time.monotonic() - began) / (training.step - at) / 60
                    click.echo(f"step {training.step:,} of {training.steps:,}, loss {recent:.3f}, {left:.0f} min left")
                if training.step % SAVE_EVERY == 0:
                    training.save()
            self._write(epoch + 1)

    def _learn(self, batch: Sequence[Example]) -> float:
        return self._training.learn(loss_of(self._model, self._heads, batch))

    def _write(self, epoch: int) -> None:
        """Write the averaged weights, and score them as they are stored."""
        stored = Heads(self._model.config.hidden_size)
        model = self._training.put(self._output, stored)
        click.echo(f"epoch {epoch}: {json.dumps(figures(self._held, model, stored))}")


@click.command()
@click.option(
    "--train", "files", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, multiple=True, help="Labelled rows."
)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where checkpoints are kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True, help="The weights to write.")
def main(files: tuple[Path, ...], work: Path, output: Path) -> None:
    """Train the reader, or go on with a training that was stopped."""
    Run(files, work, output).go_on()


if __name__ == "__main__":
    main()
