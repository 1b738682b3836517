"""Has a language model word an answer from its quotes, and lets through, as it comes, what passes every check.

The answer and its quotes stay as they are, whatever the model does: fails, hangs, or writes what nobody said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

from qa.answering.prompt import NO_ANSWER, to_answer
from qa.answering.writing.checks import Checks, SupportCheck
from qa.answering.writing.drafts import Drafts
from qa.attribution.groups import Registry
from qa.errors import WhosaidError, WriterError
from qa.models.writer import HEARTBEAT, Limits, Writer, paced
from qa.types import Answer, Sentence, Written

MOST_SENTENCES = 30  # shown or left out; a model that goes on after them is stopped


def write(
    answer: Answer, writer: Writer, registry: Registry, support: SupportCheck, enough: float, limits: Limits | None = None
) -> Iterator[Answer]:
    """Yield the answer with what is written so far, whenever there is more and at each HEARTBEAT; the last is done.

    A sentence is supported where `support` gives it `enough`. Silence is yielded as it is, and the model not called.
    """
    if not answer.answered or not answer.citations:
        yield answer
        return
    asked = answer.query.text if answer.query else answer.question  # a follow-up with what it leaves out
    written = Written(writer.name, done=False)
    yield replace(answer, written=written)
    checks = Checks(answer.citations, asked, registry, support, enough)
    drafts = Drafts([citation.number for citation in answer.citations])
    pieces = paced(writer, to_answer(asked, answer.citations), limits or Limits())
    shown = time.monotonic()
    try:
        for piece in pieces:
            before = written
            for draft in drafts.feed(piece):
                written = _with(written, draft, checks)
            if written is not before or time.monotonic() - shown >= HEARTBEAT:
                shown = time.monotonic()
                yield replace(answer, written=written)
            if len(written.sentences) + len(written.left_out) >= MOST_SENTENCES:
                break
        else:
            for draft in drafts.finish():
                written = _with(written, draft, checks)
    except WriterError as error:
        written = replace(_with_rest(written, drafts, checks), problem=_line(error))
    except WhosaidError as error:  # the model, or the one that measures support, can't be loaded
        written = replace(written, problem=_line(error))
    finally:
        pieces.close()
    if not written.sentences and not written.left_out and not written.problem:
        written = replace(written, problem=f"{writer.name}: it wrote nothing")
    yield replace(answer, written=replace(written, done=True))


def still_right(written: Written, answer: Answer, registry: Registry) -> Written:
    """Return what was written before without sentences that break a rule, given the quotes as they are now.

    For what comes back from where it may have been changed. Support isn't measured again.
    """
    checks = Checks(answer.citations, answer.question, registry, None)
    return replace(written, sentences=tuple(one for one in written.sentences if checks.judge(one).sentence == one))


def _with(written: Written, draft: Sentence, checks: Checks) -> Written:
    if _is_no_answer(draft):
        return replace(written, problem=f"{written.model}: it finds no answer in the quotes")
    judged = checks.judge(draft)
    if judged.sentence:
        return replace(written, sentences=(*written.sentences, judged.sentence))
    return replace(written, left_out=(*written.left_out, judged.why))


def _with_rest(written: Written, drafts: Drafts, checks: Checks) -> Written:
    """Add what was whole when the writing broke off; a sentence that was cut off in the middle is nobody's fault and not counted."""
    try:
        for draft in drafts.finish():
            if draft.text.endswith((".", "!", "?", "”", '"')) and (judged := checks.judge(draft)).sentence:
                written = replace(written, sentences=(*written.sentences, judged.sentence))
    except WhosaidError:
        pass  # support can't be measured; why the writing broke off is said anyway
    return written


def _line(error: WhosaidError) -> str:
    return " ".join(str(error).split())


def _is_no_answer(draft: Sentence) -> bool:
    words = re.findall(r"\w+", draft.text.casefold())
    return not draft.numbers and words == re.findall(r"\w+", NO_ANSWER.casefold())
