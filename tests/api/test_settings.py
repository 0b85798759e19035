"""Settings: what is refused, and in which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import Settings, load
from api.settings_report import keys
from gateway.core.errors import SettingsError
from gateway.delivery.settings import FhirSinkSettings

PLAIN = (
    "FILE: [mqtt[1]] host 'broker.home' is another machine, and what sensors say would go there in plain text: "
    "give tls = true, or plain_text = true for a network that only this home's devices are in"
)
TOPIC = "FILE: setting 'mqtt[1].zigbee2mqtt' is 'z/#': it should be a topic without + and #, such as \"zigbee2mqtt\""
FILTER = (
    "FILE: setting 'mqtt[1].topic[1].filter' is '/devices/events': it should have one + as a level of its own, "
    'for the device, such as "/devices/+/events"'
)
WEAK = (
    "FILE: setting 'mqtt[1].password' should be a random secret of at least 16 characters, such as one from "
    "`openssl rand -hex 24`"
)
ZONES = 'it should be a name of the IANA time zone database, such as "Europe/Helsinki"'


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("HUOMA_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "huoma.toml"


def refused(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file)
    assert error.value.exit_status == 2
    said = str(error.value)
    assert "\n" not in said
    return said.replace(str(file), "FILE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[api]\nprot = 1", "FILE: unknown setting 'api.prot': did you mean 'api.port'?"),
        ("tme_zone = 'x'", "FILE: unknown setting 'tme_zone': did you mean 'time_zone'?"),
        ("prt = 8", "FILE: unknown setting 'prt': did you mean 'api.port'?"),
        ("qqqqqq = 8", "FILE: unknown setting 'qqqqqq'; docs/settings.md lists all"),
        ("[notify.webhok]\nurl = 'x'", "FILE: unknown setting 'notify.webhok': did you mean 'notify.webhook'?"),
        ("[api]\nport = 99999", "FILE: setting 'api.port' is 99999: it should be less than or equal to 65535"),
        ("[api]\nport = 'x'", "FILE: setting 'api.port' is 'x': it should be a valid integer"),
        ("[log]\nlevel = 3", "FILE: setting 'log.level' is 3: it should be 'debug', 'info', 'warning' or 'error'"),
        ("data_dir = 5", "FILE: setting 'data_dir' is 5: it should be a path"),
        (
            "time_zone = 'Europe/Helsinky'",
            "FILE: setting 'time_zone' is 'Europe/Helsinky': " + ZONES,
        ),
        (
            "[radio]\nkind = 'bumble'",
            'FILE: [radio] kind = "bumble" needs transport, such as transport = "usb:0"',
        ),
        ("[radio]\nadapters = ['hci0', 'hci0']", "FILE: [radio] adapters names one of them twice"),
        ("[radio]\nkind = 'none'\nadapters = ['hci0']", 'FILE: [radio] kind = "none" has no adapters: leave them out'),
        (
            "[radio]\nadapters = ['usb:0']",
            'FILE: [radio] adapters: \'usb:0\' is a controller of kind = "bumble"; BlueZ\'s are like "hci0"',
        ),
        (
            "[radio]\nkind = 'bumble'\ntransport = 'usb:0'\nadapters = ['usb:1']",
            "FILE: [radio] transport names one controller, adapters several: give one of the two",
        ),
        ("[radio]\ntransport = 'usb:0'", 'FILE: [radio] transport belongs to kind = "bumble" only'),
        ("[notify.webhook]\nrepeat_s = 60", "FILE: the setting 'notify.webhook.url' is missing"),
        (
            "[[sink]]\ntype = 'fhir'\nurl = 'https://x.example'\n[[sink]]\ntype = 'fhir'\nurl = 'https://y.example'",
            "FILE: two [[sink]] tables are called 'fhir': give each a name of its own",
        ),
        (
            "[[mqtt]]",
            'FILE: [mqtt[1]] listens to nothing: give zigbee2mqtt = "zigbee2mqtt", home_assistant, or a [[mqtt.topic]]',
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\nhost = 'broker.home'",
            PLAIN,
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\nhost = 'mqtts://broker'",
            "FILE: setting 'mqtt[1].host' should be a name or an address alone, such as \"broker.home\"",
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\ntls = true\nplain_text = true",
            "FILE: [mqtt[1]] tls and plain_text exclude each other: give one",
        ),
        ("[[mqtt]]\nzigbee2mqtt = 'z'\nca_file = 'a.pem'", "FILE: [mqtt[1]] ca_file belongs to tls = true"),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z/#'",
            TOPIC,
        ),
        (
            "[[mqtt]]\n[[mqtt.topic]]\nfilter = '/devices/events'\nprofile = 'vayyar/care'",
            FILTER,
        ),
        (
            "[[mqtt]]\nhome_assistant = 'ha'",
            'FILE: [mqtt[1]] home_assistant needs home_assistant_devices, such as { bathroom_fp2 = "aqara/fp2" }',
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\nusername = 'huoma'\npassword = 'changeme123'",
            WEAK,
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\npassword = 'correct-horse-battery-staple'",
            "FILE: [mqtt[1]] a password needs a username",
        ),
        (
            "[[mqtt]]\nzigbee2mqtt = 'z'\n[[mqtt]]\nzigbee2mqtt = 'y'",
            "FILE: two [[mqtt]] tables are called 'broker': give each a name of its own",
        ),
        ("[[mqtt]]\nzigbee2mqt = 'z'", "FILE: unknown setting 'mqtt[1].zigbee2mqt': did you mean 'mqtt.zigbee2mqtt'?"),
        (
            "[[sink]]\ntype = 'fhir'\nurl = 'https://x.example'\nbach_size = 3",
            "FILE: unknown setting 'sink[1].bach_size': did you mean 'sink.batch_size'?",
        ),
    ],
)
def test_one_sentence_with_file_key_and_what_is_allowed(file: Path, text: str, said: str) -> None:
    assert refused(file, text) == said


def test_what_is_no_toml_says_where(file: Path) -> None:
    assert re.fullmatch(r"FILE: not valid TOML: .*line 2.*", refused(file, "port = 1\nport = = 2\n"))


def test_unknown_kind_of_sink_names_the_known_ones(file: Path) -> None:
    said = refused(file, "[[sink]]\ntype = 'mqtt'\n")
    assert said == "FILE: the setting 'sink[1].type' is 'mqtt': give type = \"fhir\" or \"influx\""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[sink]]\ntoken = 'hunter2-AAAA'", 'FILE: sink[1] lacks type: give type = "fhir" or "influx"'),
        (
            "[notify]\nwebhook = 'https://user:hunter2@x/y'",
            "FILE: setting 'notify.webhook' should be a table: write url = \"https://…\" under [notify.webhook]",
        ),
        ("sink = 'https://user:hunter2@x'", "FILE: setting 'sink' should be a list"),
        ("[sink]\ntype = 'fhir'\ntoken = 'hunter2-AAAA'", "FILE: setting 'sink' should be a list"),
        (
            "[[sink]]\ntype = 'fhir'\nurl = 'ftp://user:hunter2@x/y'",
            "FILE: [sink[1].url] 'ftp://…@x/y' is no http(s) address",
        ),
        (
            "[api]\npublic_url = 'ftp://user:hunter2@x'",
            "FILE: setting 'api.public_url' should be an address that begins with https:// or http://, without ? and #",
        ),
        ("[notify.webhook]\nurl = ['hunter2']", "FILE: setting 'notify.webhook.url' should be a valid string"),
    ],
)
def test_tables_and_addresses_are_not_repeated(file: Path, text: str, said: str) -> None:
    assert refused(file, text) == said
    assert "hunter2" not in said


def test_beyond_loopback_only_with_tls(file: Path, tmp_path: Path) -> None:
    said = refused(file, "[api]\nhost = '0.0.0.0'")
    assert said == (
        "FILE: [api] host '0.0.0.0' can be reached from other machines: "
        "give tls_cert and tls_key, or listen on 127.0.0.1"
    )
    assert "belong together" in refused(file, "[api]\nhost = '0.0.0.0'\ntls_cert = 'c.pem'")
    file.write_text("[api]\nhost = '0.0.0.0'\ntls_cert = 'c.pem'\ntls_key = '/k.pem'")
    api = load(file).api
    assert (api.tls_cert, api.tls_key) == (tmp_path / "c.pem", Path("/k.pem"))
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        file.write_text(f"[api]\nhost = '{host}'")
        assert load(file).api.host == host
    for host in ("::", "192.168.1.5", "example.org", "0"):
        assert "can be reached" in refused(file, f"[api]\nhost = '{host}'")


@pytest.mark.parametrize("secret", ["changeme", "password1234567890!", "short", "secret----------------"])
def test_default_and_short_secrets_are_refused_and_never_printed(file: Path, secret: str) -> None:
    said = refused(file, f"[notify.webhook]\nurl = 'https://x.example'\nsecret = '{secret}'")
    assert said.startswith("FILE: setting 'notify.webhook.secret' should be a random secret")
    assert secret not in said.replace("a random secret", "")


def test_secret_comes_from_a_file_that_only_we_read(file: Path, tmp_path: Path) -> None:
    key = tmp_path / "webhook.key"
    key.write_text("0123456789abcdef0123\n")
    key.chmod(0o600)
    file.write_text("[notify.webhook]\nurl = 'https://x.example'\nsecret_file = 'webhook.key'")
    webhook = load(file).notify.webhook
    assert webhook is not None
    assert webhook.signing_secret() == "0123456789abcdef0123"
    key.chmod(0o644)
    with pytest.raises(SettingsError, match=r"everybody may read .*chmod 600"):
        webhook.signing_secret()
    key.unlink()
    with pytest.raises(SettingsError, match=r"cannot read .*webhook\.key"):
        webhook.signing_secret()


def test_secrets_are_not_in_what_can_be_printed(file: Path) -> None:
    file.write_text("[notify.webhook]\nurl = 'https://x.example'\nsecret = 'canary-0123456789abc'")
    settings = load(file)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "canary" not in text
    webhook = settings.notify.webhook
    assert webhook is not None
    assert webhook.signing_secret() == "canary-0123456789abc"


def test_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[api]\nport = 1234\nhost = '127.0.0.2'\n[notify.webhook]\nurl = 'https://x.example'")
    monkeypatch.setenv("HUOMA_API__PORT", "4321")
    monkeypatch.setenv("HUOMA_NOTIFY__WEBHOOK__SECRET", "0123456789abcdef0123")
    monkeypatch.setenv("HUOMA_DATA", "/recordings")  # not a setting: left alone
    settings = load(file)
    assert (settings.api.port, settings.api.host) == (4321, "127.0.0.2")
    webhook = settings.notify.webhook
    assert webhook is not None
    assert (webhook.url, webhook.signing_secret()) == ("https://x.example", "0123456789abcdef0123")
    monkeypatch.setenv("HUOMA_API__PORT", "many")
    with pytest.raises(SettingsError, match=r"^environment variable HUOMA_API__PORT: setting 'api\.port' is 'many'"):
        load(file)


def test_relative_paths_are_the_files(file: Path, tmp_path: Path) -> None:
    file.write_text(
        "data_dir = 'd'\n[profiles]\nfolders = ['mine', '/abs']\n"
        "[[sink]]\ntype = 'fhir'\nurl = 'https://x.example'\ntoken_file = 't'"
    )
    settings = load(file)
    assert settings.data_dir == tmp_path / "d"
    assert settings.control_socket == tmp_path / "d/control.sock"
    assert settings.profiles.folders == (tmp_path / "mine", Path("/abs"))
    (sink,) = settings.sink
    assert isinstance(sink, FhirSinkSettings)
    assert sink.token_file == tmp_path / "t"


def test_time_zone_has_no_guess(file: Path) -> None:
    file.write_text("")
    settings = load(file)
    with pytest.raises(SettingsError, match="'time_zone' is missing"):
        settings.zone()
    file.write_text("time_zone = 'Europe/Helsinki'")
    assert load(file).zone().key == "Europe/Helsinki"


def test_file_that_was_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load(tmp_path / "none.toml")
    monkeypatch.setattr("api.settings.default_config_file", lambda: tmp_path / "none.toml")
    assert load().api.port == 8420


def test_default_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert Settings().data_dir == Path("/var/lib/huoma")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / "huoma"


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`([a-z0-9_.]+)`", Path("docs/settings.md").read_text(encoding="utf-8")))
    missing = [key for key in keys(Settings) if key not in documented]
    assert missing == []


def test_every_documented_setting_exists() -> None:
    tables = re.findall(
        r"^\| `([a-z0-9_.]+)` \|", Path("docs/settings.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(tables) > 30
    assert [key for key in tables if key not in set(keys(Settings))] == []


def test_a_broker_from_settings_with_its_password_in_a_file(tmp_path: Path, file: Path) -> None:
    secret = tmp_path / "mqtt.password"
    secret.write_text("correct-horse-battery-staple\n")
    secret.chmod(0o600)
    file.write_text(
        "[[mqtt]]\nname = 'zigbee'\nhost = 'broker.home'\ntls = true\nca_file = 'ca.pem'\nusername = 'huoma'\n"
        "password_file = 'mqtt.password'\nzigbee2mqtt = 'zigbee2mqtt'\n[[mqtt.topic]]\nfilter = '/devices/+/events'\n"
        "profile = 'vayyar/care'\n"
    )
    (table,) = load(file).mqtt
    broker = table.broker("gw-7")
    assert (broker.port, broker.client_id, broker.ca_file) == (8883, "huoma-gw-7-zigbee", tmp_path / "ca.pem")
    assert broker.password == "correct-horse-battery-staple"
    assert "correct-horse" not in repr(table) + repr(broker)
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match=r"setting 'mqtt\.password_file': everybody may read"):
        table.broker("gw-7")


def test_a_broker_on_this_machine_needs_nothing_but_what_to_hear(file: Path) -> None:
    file.write_text("[[mqtt]]\nzigbee2mqtt = 'zigbee2mqtt'\n")
    (table,) = load(file).mqtt
    assert (table.broker("gw").host, table.broker("gw").port, table.broker("gw").tls) == ("127.0.0.1", 1883, False)
