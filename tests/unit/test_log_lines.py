"""Log lines recognised: format, level, message, fields; and which lines a query shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kinds.logs.filters import LineFilter
from k8stui.kinds.logs.lines import Format, Level, Parsed, continues, level_of, parse, pretty
from k8stui.kube.logs.query import LEVELS, parse_query
from k8stui.kube.logs.types import LogLine, LogSource


def test_levels_are_those_of_the_query_language() -> None:
    assert [level.name.lower() for level in Level] == list(LEVELS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"level":"warn","ts":1700000000.5,"msg":"slow query","ms":812,"tags":["a"]}',
            Parsed(Format.JSON, Level.WARN, "slow query", (("ms", "812"), ("tags", '["a"]')), "1700000000.5"),
        ),
        ('{"severity":"ERROR","message":"주문 실패"}', Parsed(Format.JSON, Level.ERROR, "주문 실패")),
        (
            '{"level":30,"time":1,"msg":"listening","pid":1}',
            Parsed(Format.JSON, Level.INFO, "listening", (("pid", "1"),), "1"),
        ),
        ('{"log":{"level":"error"},"message":"x"}', Level.ERROR),
        (
            'level=error ts=2026-01-31T08:00:00Z caller=main.go:42 msg="write failed" err="disk \\"full\\""',
            Parsed(
                Format.LOGFMT,
                Level.ERROR,
                "write failed",
                (("caller", "main.go:42"), ("err", 'disk "full"')),
                "2026-01-31T08:00:00Z",
            ),
        ),
        (
            "E0131 08:00:00.000001       1 reflector.go:147] Failed to watch *v1.Pod",
            Parsed(
                Format.KLOG,
                Level.ERROR,
                "Failed to watch *v1.Pod",
                (("caller", "reflector.go:147"),),
                "0131 08:00:00.000001",
            ),
        ),
        (
            'I0131 08:00:00.000001    4711 pod.go:9] "Pod status updated" pod="kube/dns" status="Ready"',
            Parsed(
                Format.KLOG,
                Level.INFO,
                "Pod status updated",
                (("caller", "pod.go:9"), ("pod", "kube/dns"), ("status", "Ready")),
                "0131 08:00:00.000001",
            ),
        ),
        (
            '10.0.0.1 - ann [31/Jan/2026:08:00:00 +0000] "GET /a?b=c HTTP/1.1" 502 157 "-" "curl/8"',
            Parsed(
                Format.ACCESS,
                Level.ERROR,
                "GET /a?b=c HTTP/1.1",
                (
                    ("client", "10.0.0.1"),
                    ("user", "ann"),
                    ("status", "502"),
                    ("size", "157"),
                    ("agent", "curl/8"),
                ),
                "31/Jan/2026:08:00:00 +0000",
            ),
        ),
        ("2026-01-31 08:00:00,123 WARNING app: retrying", Level.WARN),
        ("2026/01/31 08:00:00 [error] 31#31: *1 connect() failed", Level.ERROR),
        ("\x1b[31mERROR\x1b[0m boom", Level.ERROR),
        ("Traceback (most recent call last):", Level.ERROR),
        ("java.lang.IllegalStateException: no", Level.ERROR),
        ("panic: runtime error", Level.FATAL),
        ('level=info msg="ERROR was mended"', Level.INFO),
        ("time=now level=debug msg=x", Level.DEBUG),
        ("trace: entering", Level.TRACE),
        ("FATAL could not bind", Level.FATAL),
        ("10:00:01 [main] <error> [INFO] no", Level.ERROR),
        ("xERROR ERRORx 재고ERROR", None),
        ("@l=warn @m=slow", Level.WARN),
        ("lvl=eror msg=x", Level.ERROR),
        ("charge level=30 unit=percent", None),
        ('{"log":{"level":"error"},"lvl":"nothing"}', Level.ERROR),
        ("listening on :8080", None),
        ("no errors were found", None),
        ("a=b", None),
        ("", None),
        ("{not json", None),
    ],
)
def test_lines_are_recognised(text: str, expected: Parsed | Level | None) -> None:
    found = parse(text)
    if isinstance(expected, Parsed):
        assert found == expected
    else:
        assert found.level == expected
    assert level_of(text) == found.level


@given(st.text(max_size=200))
def test_no_line_is_too_strange(text: str) -> None:
    assert level_of(text) == parse(text).level
    pretty(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=9))
def test_no_json_is_too_strange(value: object) -> None:
    import json

    parse(json.dumps({"level": value, "msg": value, "time": value, "log": value}))


def test_one_line_of_json_becomes_many() -> None:
    assert pretty('{"a":{"b":1}}') == '{\n  "a": {\n    "b": 1\n  }\n}'
    assert pretty("a=b") is None


def test_a_line_without_end_costs_little() -> None:
    assert parse("x=" * 500_000).format is Format.PLAIN
    assert parse('{"a":"' + "x" * 1_000_000 + '"}').format is Format.PLAIN


APP = LogSource("shop", "web-1", "u", "app")
OTHER = LogSource("shop", "web-2", "v", "app")


def shown(query: str, *lines: tuple[LogSource, str]) -> list[str]:
    keep = LineFilter(parse_query(query))
    return [line.text for line in keep([LogLine("", source, text) for source, text in lines])]


def test_patterns_include_by_any_and_exclude_by_each() -> None:
    lines = [(APP, "GET /a"), (APP, "GET /health"), (APP, "POST /a"), (APP, "other")]
    assert shown("log:get log:post !log:health", *lines) == ["GET /a", "POST /a"]


def test_a_stack_trace_goes_with_its_first_line() -> None:
    lines = [
        (APP, "INFO fine"),
        (APP, "ERROR broken"),
        (OTHER, "INFO between"),
        (APP, "  at main()"),
        (APP, "Caused by: rain"),
        (OTHER, "  not shown"),
        (APP, "plain words"),
    ]
    assert shown("level>=error", *lines) == ["ERROR broken", "  at main()", "Caused by: rain"]
    assert shown("!level:error", *lines) == ["INFO fine", "INFO between", "  not shown", "plain words"]


def test_remarks_pass_every_filter() -> None:
    keep = LineFilter(parse_query("log:never"))
    assert keep([LogLine("", APP, "restarted", "restart"), LogLine("", APP, "x")]) == [
        LogLine("", APP, "restarted", "restart")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("\tat x", True), ("x", False), ("}", True), ("", True)),
        *(("\x1b[31m    at a.js:1\x1b[0m", True), ("\x1b[31mfailed", False), ("\x1b[0m", True)),
        *(("\rprogress 10%\rprogress 60%", False), ("\r   60%\r", True), ("\r", True)),
        ("[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4]", True),
        ("--- End of stack trace from previous location ---", True),
        ("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", True),
        *(("Stack trace:", True), ("#0 /app/index.php(12): run()", True), ("#12 is fixed", False)),
    ],
)
def test_what_continues_a_line(text: str, expected: bool) -> None:
    assert continues(text) is expected
