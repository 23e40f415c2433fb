"""What an error of a list or watch means, and how long the next try waits."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from k8stui.kube.backoff import FLOOR, Backoff
from k8stui.kube.codecs import BadData
from k8stui.kube.errors import ApiError, Cause, ConnectionLost, CredentialsError, StatusDetails
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.verdict import Wait, judge

TOO_LARGE = ApiError(
    504, "Timeout", "wait", details=StatusDetails(causes=(Cause("ResourceVersionTooLarge", "x"),))
)


@pytest.mark.parametrize(
    ("error", "watching", "phase", "wait", "relist"),
    [
        (ApiError(410, "Expired", "too old"), True, Phase.STALE, Wait.NONE, True),
        (ApiError(410, "Expired", "too old"), False, Phase.STALE, Wait.NONE, True),
        (TOO_LARGE, True, Phase.STALE, Wait.NONE, True),
        (ApiError(403, "Forbidden", "no"), False, Phase.DENIED, Wait.SLOW, False),
        (ApiError(404, "NotFound", "no"), False, Phase.GONE, Wait.SLOW, False),
        (ApiError(404, "NotFound", "no"), True, Phase.STALE, Wait.BACKOFF, True),
        (ApiError(405, "MethodNotAllowed", "no"), False, Phase.GONE, Wait.SLOW, False),
        (ApiError(400, "BadRequest", "bad selector"), False, Phase.STALE, Wait.SLOW, True),
        (ApiError(401, "Unauthorized", "no"), True, Phase.STALE, Wait.BACKOFF, False),
        (ApiError(500, "InternalError", "boom"), True, Phase.STALE, Wait.BACKOFF, False),
        (ApiError(429, "TooManyRequests", "slow"), True, Phase.STALE, Wait.BACKOFF, False),
        (ConnectionLost("broke"), True, Phase.STALE, Wait.BACKOFF, False),
        (ConnectionLost("silence", kind="idle"), True, Phase.LIVE, Wait.NONE, False),
        (CredentialsError("plugin"), False, Phase.STALE, Wait.BACKOFF, False),
        (BadData("garbage"), True, Phase.STALE, Wait.BACKOFF, False),
    ],
)
def test_errors(error: ApiError, watching: bool, phase: Phase, wait: Wait, relist: bool) -> None:
    verdict = judge(error, watching=watching)
    assert (verdict.phase, verdict.wait, verdict.relist, verdict.poll) == (phase, wait, relist, False)


@pytest.mark.parametrize("code", [403, 405])
def test_where_only_watching_is_refused_lists_go_on(code: int) -> None:
    verdict = judge(ApiError(code, "", "no watch"), watching=True)
    assert verdict.poll
    assert verdict.phase is Phase.LIVE


def test_the_servers_words_are_the_reason() -> None:
    assert (
        judge(ApiError(403, "Forbidden", "pods is forbidden"), watching=False).reason == "pods is forbidden"
    )
    assert judge(ApiError(503, "", "x", retry_after=4), watching=True).at_least == 4


def test_the_reason_says_what_to_do() -> None:
    assert "log in again" in judge(ApiError(401, "Unauthorized", "Unauthorized"), watching=False).reason
    stranger = judge(BadData("a list could not be read: JSON is malformed"), watching=False)
    assert stranger.reason.startswith("a list could not be read: JSON is malformed; ")
    assert "check the server's address" in stranger.reason
    assert judge(BadData("a line of a watch was cut"), watching=True).reason == "a line of a watch was cut"


def test_waits_are_spread_up_to_a_growing_ceiling_and_never_nothing() -> None:
    firsts = [Backoff(random.Random(seed)).next() for seed in range(300)]
    assert min(firsts) == FLOOR
    assert 0.4 < max(firsts) <= 0.5
    backoff = Backoff(random.Random(1))
    waits = [backoff.next() for _ in range(2000)]
    assert max(waits) <= 30
    assert 13 < sum(waits) / len(waits) < 17
    backoff.reset()
    assert backoff.next() <= 0.5
    assert 9 <= backoff.next(at_least=9) <= 10


def test_the_engine_comes_without_heavy_imports() -> None:
    code = (
        "import sys, k8stui.kube.cluster, k8stui.kube.logs.opening, k8stui.kube.tables\n"
        "print([m for m in ('aiohttp', 'yaml', 'kubernetes_asyncio', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
