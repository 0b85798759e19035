"""What `huoma tune` and `huoma evaluate` cannot mean is one sentence, and exit status 2."""

from __future__ import annotations

import pytest

from api.cli.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tune", "Aino", "--per-month", "nan"], "--per-month nan cannot be promised: give 0.1 to 10."),
        (["tune", "Aino", "--per-month", "inf"], "--per-month inf cannot be promised: give 0.1 to 10."),
        (["tune", "Aino", "--per-month", "11"], "--per-month 11 cannot be promised: give 0.1 to 10."),
        (["evaluate", "activity", "--dataset", "made-up", "home.csv"], "home.csv would not be used"),
        (["evaluate", "activity", "--dataset", "made-up", "--seed", "-1"], "--seed"),
        (["evaluate", "radar", "--seed", "-1"], "--seed"),
    ],
)
def test_it_is_said_and_nothing_else(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["huoma", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert said in found.err
    assert "Traceback" not in found.err
