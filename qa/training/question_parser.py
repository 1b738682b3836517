"""Trains the question parser on labelled questions, from the bundled encoder's weights.

    python -m qa.training.question_parser --train questions.jsonl --train ... --held dev.jsonl --work FOLDER

A row teaches what it tells: intent, side, order, negation, and which words name whom is asked, carry the topic or limit the time.
Each epoch sees the rows changed by chance: other names in place of those asked, small letters, slips of the pen, no question
mark. Whatever was stopped goes on from its last checkpoint in FOLDER.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import torch

from qa.models.bert import BareBert
from qa.models.finetuned import bundled_model
from qa.models.training import Training, autocast
from qa.query.parser import ORDERS, SIDES, TAGS, WEIGHTS, ParserHeads, TokenRow, slots_of, token_row
from qa.training.rows import QuestionRow, read_questions
from qa.types import INTENTS, SlotKind, Span

SEED = 7
EPOCHS = 6
ROWS_A_BATCH = 32
WARM_UP = 60  # steps
SAVE_EVERY = 100  # steps
UNKNOWN = -100  # a label that the row doesn't tell, which the loss leaves out
OTHER_NAME, SMALL_LETTERS, SLIP, NO_QUESTION_MARK, NEW_TOPIC = 0.35, 0.35, 0.2, 0.4, 0.3  # chances of each change


@dataclass(frozen=True, slots=True)
class Example:
    """A question, its earlier turns (the latest first) and the labels of all."""

    turns: tuple[str, ...]
    slots: tuple[tuple[int, Span, SlotKind], ...]  # turn, place, kind
    intent: int
    side: int
    order: int
    negated: float  # -1 for unknown


def example(row: QuestionRow) -> Example:
    """Return a row as the parser sees it."""
    turns = (row.question, *reversed(row.history))
    slots: list[tuple[int, Span, SlotKind]] = []
    marked: tuple[tuple[SlotKind, tuple[str, ...]], ...] = (("about", row.about), ("asked", row.asked), ("when", row.when))
    for kind, texts in marked:
        for text in texts:
            words = " ".join(text.split())
            turn = next((number for number, one in enumerate(turns) if words in one), None)
            if turn is not None and words:
                start = turns[turn].index(words)
                slots.append((turn, Span(start, start + len(words)), kind))
    return Example(
        turns,
        tuple(slots),
        INTENTS.index(row.intent) if row.intent else UNKNOWN,
        SIDES.index(row.side) if row.kind not in ("none", "followup") else UNKNOWN,
        ORDERS.index(row.order) if row.order else UNKNOWN if row.kind == "meta" else ORDERS.index("none"),
        float(row.negated or False) if row.negated is not None or row.kind not in ("none", "groups") else -1.0,
    )


def vary(one: Example, names: Sequence[str], chance: random.Random) -> Example:
    """Return an example changed as people's typing differs, its labels with it."""
    if chance.random() < OTHER_NAME:
        one = _renamed(one, names, chance)
    if one.turns[0].endswith("?") and chance.random() < NO_QUESTION_MARK:
        one = replace(one, turns=(one.turns[0].rstrip("?").rstrip(), *one.turns[1:]))
    if chance.random() < SMALL_LETTERS:
        one = replace(one, turns=tuple(turn.lower() if len(turn.lower()) == len(turn) else turn for turn in one.turns))
    if chance.random() < SLIP:
        one = replace(one, turns=(_with_slip(one.turns[0], chance), *one.turns[1:]))
    return one


def _after_another(one: Example, others: Sequence[Example], chance: random.Random) -> Example:
    """Return a question that stands alone, by chance after questions about something else, of which it takes over nothing."""
    if len(one.turns) > 1 or not one.slots or chance.random() >= NEW_TOPIC:
        return one
    before = tuple(chance.choice(others).turns[0] for _ in range(chance.randint(1, 2)))
    return replace(one, turns=(*one.turns, *before))


def _renamed(one: Example, names: Sequence[str], chance: random.Random) -> Example:
    """Put other names in place of those asked, the same in every turn."""
    for number, (turn, place, kind) in enumerate(one.slots):
        if kind != "asked":
            continue
        text = one.turns[turn]
        new = chance.choice(names)
        if chance.random() < 0.25:
            new = re.sub(r"['’]", "", new)
        moved = len(new) - (place.end - place.start)
        turns = (*one.turns[:turn], text[: place.start] + new + text[place.end :], *one.turns[turn + 1 :])

        def shifted(span: Span, end: int = place.end, moved: int = moved) -> Span:
            return Span(span.start + moved, span.end + moved) if span.start >= end else span

        slots = [(t, shifted(s) if t == turn else s, k) for t, s, k in one.slots]
        slots[number] = (turn, Span(place.start, place.start + len(new)), kind)
        if any(t == turn and s.overlaps(place) and at != number for at, (t, s, _) in enumerate(one.slots)):
            continue
        one = replace(one, turns=turns, slots=tuple(slots))
    return one


def _with_slip(text: str, chance: random.Random) -> str:
    """Return a text with two neighbouring letters of a long word exchanged, so that every place stays."""
    places = [m.start() for m in re.finditer(r"(?<=[a-z])[a-z](?=[a-z][a-z])", text)]
    if not places:
        return text
    at = chance.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def batches(items: Sequence[Example], chance: random.Random) -> Iterator[list[Example]]:
    """Yield examples of like length together, in random order."""
    order = sorted(chance.sample(list(items), len(items)), key=lambda e: sum(map(len, e.turns)) // 24)
    groups = [order[at : at + ROWS_A_BATCH] for at in range(0, len(order), ROWS_A_BATCH)]
    chance.shuffle(groups)
    yield from groups


def labels(row: TokenRow, one: Example) -> list[int]:
    """Return the tag of each token, UNKNOWN for marks; of slots that share a word the later one in `slots` counts."""
    found = []
    for turn, place in zip(row.turn, row.places, strict=True):
        kinds = [kind for t, span, kind in one.slots if t == turn and span.overlaps(place)]
        found.append(UNKNOWN if turn < 0 else TAGS.index(kinds[-1]) if kinds else 0)
    return found


def loss_of(model: Any, heads: ParserHeads, tokenizer: Any, batch: Sequence[Example]) -> torch.Tensor:
    """Return the sum of the mean cross-entropies of whatever the rows tell."""
    rows = [token_row(tokenizer.encode_batch(list(one.turns), add_special_tokens=False)) for one in batch]
    width = max(len(row.ids) for row in rows)
    ids, mask, kinds = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    wanted = torch.full((len(rows), width), UNKNOWN)
    for at, (row, one) in enumerate(zip(rows, batch, strict=True)):
        n = len(row.ids)
        ids[at, :n], mask[at, :n], kinds[at, :n] = torch.tensor(row.ids), 1, torch.tensor(row.kinds)
        wanted[at, :n] = torch.tensor(labels(row, one))
    with autocast():
        states = model(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
    whole, tags = heads(states.float())
    intents, sides, orders, negated = whole.split([len(INTENTS), len(SIDES), len(ORDERS), 1], 1)
    total = torch.nn.functional.cross_entropy(tags.transpose(1, 2), wanted, ignore_index=UNKNOWN)
    for logits, told in ((intents, [o.intent for o in batch]), (sides, [o.side for o in batch]), (orders, [o.order for o in batch])):
        target = torch.tensor(told)
        if (target != UNKNOWN).any():
            total = total + torch.nn.functional.cross_entropy(logits, target, ignore_index=UNKNOWN)
    no = torch.tensor([o.negated for o in batch])
    if (no >= 0).any():
        total = total + torch.nn.functional.binary_cross_entropy_with_logits(negated[:, 0][no >= 0], no[no >= 0])
    return total


def figures(held: Sequence[Example], model: Any, heads: ParserHeads, tokenizer: Any) -> dict[str, float]:
    """Return how often intents, sides and orders are right, and the F1 of each slot's characters."""
    bare = BareBert.of(model)
    right: dict[str, list[bool]] = {"intent": [], "side": [], "order": [], "negated": []}
    hit, gold, told = ({kind: 0 for kind in TAGS if kind} for _ in range(3))
    for one in held:
        row = token_row(tokenizer.encode_batch(list(one.turns), add_special_tokens=False))
        ids, kinds = torch.tensor([row.ids]), torch.tensor([row.kinds])
        with torch.inference_mode():
            whole, tags = heads(bare(ids, torch.ones_like(ids), kinds).float())
        parts = whole[0].split([len(INTENTS), len(SIDES), len(ORDERS), 1])
        for name, logits, label in zip(("intent", "side", "order"), parts, (one.intent, one.side, one.order), strict=False):
            if label != UNKNOWN:
                right[name].append(int(logits.argmax()) == label)
        if one.negated >= 0:
            right["negated"].append((float(parts[3]) > 0) == bool(one.negated))
        slots = slots_of(one.turns, row, tags[0].softmax(-1).numpy())
        for kind in hit:
            mine = {(s.turn, at) for s in slots if s.kind == kind for at in range(s.span.start, s.span.end)}
            theirs = {(turn, at) for turn, span, k in one.slots if k == kind for at in range(span.start, span.end)}
            hit[kind] += len(mine & theirs)
            gold[kind] += len(theirs)
            told[kind] += len(mine)
    found = {name: round(sum(values) / len(values), 4) for name, values in right.items() if values}
    return found | {f"{kind}_f1": round(2 * hit[kind] / (gold[kind] + told[kind]), 4) for kind in hit if gold[kind]}


class Run:
    """One training; what it has learnt is written at the end of each epoch."""

    def __init__(self, files: Sequence[Path], held: Sequence[Path], work: Path, output: Path, epochs: int = EPOCHS) -> None:
        """Read the rows, and the checkpoint where there is one."""
        work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        self._output = output
        self._model, self._tokenizer = bundled_model()
        self._model.train()
        self._heads = ParserHeads(self._model.config.hidden_size)
        rows = read_questions(files)
        self._learnt, self._held = [example(row) for row in rows], [example(row) for row in read_questions(held)]
        self._names = sorted({name for row in rows for name in (*row.asked, *row.groups, *row.speakers) if len(name) < 60})
        self._steps_an_epoch = len(self._epoch(0))
        self._training = Training(self._model, self._heads, epochs * self._steps_an_epoch, WARM_UP, work / "checkpoint.pt", SEED)

    def _epoch(self, number: int) -> list[list[Example]]:
        chance = random.Random(SEED + number)
        learnt = [_after_another(one, self._learnt, chance) for one in self._learnt]
        return list(batches([vary(one, self._names, chance) for one in learnt], chance))

    def go_on(self) -> None:
        """Train to the end."""
        training, began = self._training, time.monotonic()
        click.echo(f"{len(self._learnt):,} questions to learn from, {len(self._held):,} held out, {training.steps:,} steps")
        while training.step < training.steps:
            epoch = training.step // self._steps_an_epoch
            recent = 0.0
            for batch in self._epoch(epoch)[training.step % self._steps_an_epoch : self._steps_an_epoch]:
                recent = training.learn(loss_of(self._model, self._heads, self._tokenizer, batch))
                if training.step % SAVE_EVERY == 0:
                    training.save()
            stored = ParserHeads(self._model.config.hidden_size)
            model = training.put(self._output, stored)
            told = json.dumps(figures(self._held, model, stored, self._tokenizer))
            click.echo(f"epoch {epoch + 1}, {time.monotonic() - began:.0f} s, loss {recent:.3f}: {told}")


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--train", "files", type=_FILE, required=True, multiple=True, help="Labelled questions.")
@click.option("--held", type=_FILE, required=True, multiple=True, help="Labelled questions to score on.")
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where checkpoints are kept.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS, show_default=True, help="The weights to write.")
@click.option("--epochs", type=int, default=EPOCHS, show_default=True)
def main(files: tuple[Path, ...], held: tuple[Path, ...], work: Path, output: Path, epochs: int) -> None:
    """Train the parser, or go on with a training that was stopped."""
    Run(files, held, work, output, epochs).go_on()


if __name__ == "__main__":
    main()
