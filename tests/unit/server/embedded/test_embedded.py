"""The embedded services: private, durable, whole after kill -9, gone with whoever started them."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from types import ModuleType

import psycopg
import pytest
import redis

from server import environment
from server.embedded import postgres, processes, service_user, valkey
from server.embedded.processes import SystemUser

SET_BY_POSTGRES = (b"PGSYSCONFDIR", b"PGLOCALEDIR", b"PG_OOM_ADJUST_FILE", b"PGDATA")
STRANGER = SystemUser("stranger", 60_001, 60_001)


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="grove-embedded-"))
    yield folder
    home = json.loads((folder / "embedded.json").read_text())["folder"]
    rmtree(folder, ignore_errors=True)
    rmtree(home, ignore_errors=True)


def _home(data: Path) -> Path:
    return Path(json.loads((data / "embedded.json").read_text())["folder"])


def value_in(server: postgres.Postgres, query: str) -> object:
    with psycopg.connect(server.url) as connection:
        (value,) = connection.execute(query).fetchone() or (None,)
        return value


@pytest.mark.long
def test_postgres_is_private_and_durable(data: Path) -> None:
    server = postgres.start(data)
    assert value_in(server, "show listen_addresses") == ""
    assert value_in(server, "show fsync") == "on"
    assert value_in(server, "show synchronous_commit") == "on"
    assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
    server.stop()


@pytest.mark.long
def test_postgres_wants_the_password_even_through_its_socket(data: Path) -> None:
    server = postgres.start(data)
    host = str(server.socket_folder)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=host, user="grove", dbname="grove", password="guess")
    server.stop()


@pytest.mark.long
def test_postgres_keeps_its_data(data: Path) -> None:
    server = postgres.start(data)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 7 as number")
    server.stop()
    again = postgres.start(data)
    assert value_in(again, "select number from kept") == 7
    again.stop()


def test_folders_noted_under_the_older_name_are_found_again(data: Path) -> None:
    before = service_user.service_folders(data)
    (data / "embedded.json").rename(data / "quarters.json")
    assert service_user.service_folders(data) == before


def test_a_copy_of_a_data_folder_has_services_of_its_own(data: Path) -> None:
    before = service_user.service_folders(data)
    with tempfile.TemporaryDirectory(prefix="grove-copy-") as copy:
        subprocess.run(["cp", "-a", f"{data}/.", copy], check=True)
        after = service_user.service_folders(Path(copy))
    assert after.folder == Path(copy) / "embedded"
    assert after.short_folder != before.short_folder


@pytest.mark.skipif(os.getuid() != 0, reason="only root's services run as another user")
def test_a_copy_that_the_services_cannot_reach_is_refused(data: Path, tmp_path: Path) -> None:
    service_user.service_folders(data)
    tmp_path.chmod(0o700)
    subprocess.run(["cp", "-a", data, tmp_path / "copy"], check=True)
    with pytest.raises(service_user.ForeignFolder, match="may not enter"):
        service_user.service_folders(tmp_path / "copy")


def test_a_copy_whose_database_lies_elsewhere_is_refused(data: Path, tmp_path: Path) -> None:
    elsewhere = {"data": str(data), "folder": str(tmp_path / "elsewhere"), "sockets": "/tmp/short"}
    (data / "embedded.json").write_text(json.dumps(elsewhere))
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    with pytest.raises(service_user.ForeignFolder, match=f"{copy} is a copy of {data}"):
        service_user.service_folders(copy)
    data.joinpath("embedded.json").rename(data / "moved away")
    assert service_user.service_folders(copy).folder == tmp_path / "elsewhere"
    (data / "moved away").rename(data / "embedded.json")


@pytest.mark.long
def test_postgres_starts_after_kill_9_with_what_was_committed(data: Path) -> None:
    server = postgres.start(data)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 7 as number")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    again = postgres.start(data)
    assert value_in(again, "select number from kept") == 7
    again.stop()


@pytest.mark.long
def test_what_is_raised_while_waiting_stops_postgres_again(data: Path) -> None:
    def impatient() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        postgres.start(data, while_waiting=impatient)
    note = service_user.service_folders(data).folder / "postgres" / "postmaster.pid"
    assert not note.exists()


@pytest.mark.long
def test_postgres_stops_when_asked_though_its_starter_ignores_the_signal(data: Path) -> None:
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        test_what_is_raised_while_waiting_stops_postgres_again(data)
    finally:
        signal.signal(signal.SIGINT, ignored)


def test_valkey_keeps_its_data_and_listens_on_no_port(data: Path) -> None:
    server = valkey.start(data)
    with redis.Redis.from_url(server.url) as client:
        client.set("kept", "7")
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    server.stop()
    again = valkey.start(data)
    with redis.Redis.from_url(again.url) as client:
        assert client.get("kept") == b"7"
    again.stop()


@pytest.mark.long
def test_counters_make_room_and_tasks_never_do(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "MEMORY_MAX_BYTES", 8_000_000)
    server = valkey.start(data)
    client = redis.Redis.from_url(server.url)
    client.rpush("celery", *[f"task {number}" for number in range(100)])
    pipe = client.pipeline(transaction=False)
    for number in range(100_000):
        pipe.set(f"limit:{number}", 1, ex=86_400)
    pipe.execute()
    assert client.llen("celery") == 100
    assert client.info("memory")["used_memory"] < 9_000_000
    assert 0 < client.dbsize() < 100_000
    client.close()
    server.stop()


def test_valkey_wants_the_password_even_through_its_socket(data: Path) -> None:
    server = valkey.start(data)
    stranger = redis.Redis(unix_socket_path=str(server.socket_path))
    with pytest.raises(redis.AuthenticationError):
        stranger.lpush("celery", "a task of my own")
    stranger.close()
    assert server.password not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
    for file in (data / "secrets" / "valkey-password", _home(data) / "valkey" / "password.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.socket_path.parent.stat().st_mode) == 0o700
    server.stop()


def test_a_data_folder_from_before_the_password_gets_one_and_keeps_its_tasks(data: Path) -> None:
    server = valkey.start(data)
    with redis.Redis.from_url(server.url) as client:
        client.lpush("celery", "task")
    server.stop()
    (data / "secrets" / "valkey-password").unlink()
    again = valkey.start(data)
    assert again.password != server.password
    with redis.Redis.from_url(again.url) as client:
        assert client.lpop("celery") == b"task"
    again.stop()


@pytest.mark.long
@pytest.mark.parametrize("service", [postgres, valkey])
def test_the_services_inherit_nothing_of_ours(
    data: Path, monkeypatch: pytest.MonkeyPatch, service: ModuleType
) -> None:
    for name in [*environment.SECRETS, "GROVE_DATA", "DATABASE_URL", "ANYTHING"]:
        monkeypatch.setenv(name, "told-to-nobody")
    server = service.start(data)
    inherited = Path(f"/proc/{server.process.pid}/environ").read_bytes()
    server.stop()
    names = {each.partition(b"=")[0] for each in inherited.split(b"\0") if each}
    assert names <= {b"PATH", b"LANG", b"TZ", *SET_BY_POSTGRES}


@pytest.mark.long
def test_the_log_of_postgres_has_no_values_in_it(data: Path) -> None:
    server = postgres.start(data)
    with psycopg.connect(server.url, autocommit=True, cursor_factory=psycopg.ClientCursor) as db:
        db.execute("create table account (email text unique, hash text not null)")
        db.execute("insert into account values (%s, %s)", ["alice@example.com", "argon2id-hash"])
        for values in (["alice@example.com", "argon2id-hash"], ["bob@example.com", None]):
            with pytest.raises(psycopg.IntegrityError):
                db.execute("insert into account values (%s, %s)", values)
    server.stop()
    log = (data / "logs" / "postgres.log").read_text()
    assert "violates unique constraint" in log
    assert not [value for value in ("example.com", "argon2id", "insert into") if value in log]


def test_a_child_dies_with_whoever_started_it() -> None:
    script = (
        "from server.embedded import processes; import os, signal\n"
        "child = processes.start(['sleep', '60'])\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False)
    orphan = Path("/proc") / done.stdout.decode().strip()
    deadline = time.monotonic() + 60
    while orphan.exists() and "Z" not in (orphan / "stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_does_not_listen_is_killed() -> None:
    script = "trap '' TERM; echo; while :; do sleep 0.05; done"
    child = processes.start(["sh", "-c", script], output=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()  # deaf by now
    processes.stop(child, signal.SIGTERM, 0.3)
    assert child.returncode == -signal.SIGKILL


def test_a_folder_in_a_private_home_is_out_of_reach(tmp_path: Path) -> None:
    inside = tmp_path / "home" / "data"
    inside.mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    assert not service_user.is_reachable(inside, STRANGER)


def test_a_long_path_gets_a_short_place_for_sockets(tmp_path: Path) -> None:
    short = tmp_path / "short"
    deep = service_user.ServiceFolders(tmp_path / ("x" * 90), None, short)
    assert deep.socket_folder() == short
    assert stat.S_IMODE(short.stat().st_mode) == 0o700


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o777)
    (tmp_path / "run").chmod(0o777)
    assert stat.S_IMODE(service_user.private_folder(tmp_path / "run", None).stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else's folder")
def test_somebody_elses_folder_in_a_place_for_everybody_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "sockets").mkdir()
    os.chown(tmp_path / "sockets", 60_002, 60_002)
    with pytest.raises(service_user.ForeignFolder):
        service_user.private_folder(tmp_path / "sockets", STRANGER)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(service_user.ForeignFolder):
        service_user.private_folder(tmp_path / "link", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the services as somebody else")
def test_the_files_follow_the_service_user(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = service_user.service_folders(data).subfolder("postgres")
    (home / "PG_VERSION").write_text("18")
    monkeypatch.setattr(service_user, "service_user", lambda: STRANGER)
    service_user.service_folders(data)
    assert (home / "PG_VERSION").stat().st_uid == STRANGER.uid


def test_unreachable_binaries_are_copied_once(tmp_path: Path) -> None:
    source, home = tmp_path / "venv" / "wheel", tmp_path / "folders"
    source.mkdir(parents=True)
    home.mkdir()
    (source / "program").write_text("")
    (tmp_path / "venv").chmod(0o700)
    place = service_user.ServiceFolders(home, STRANGER, tmp_path)
    copied = [service_user.reachable_copy(place, [source], "wheel-1") for _ in range(2)]
    assert copied == [home / "wheel-1"] * 2
    assert os.access(home / "wheel-1" / "wheel" / "program", os.X_OK)


def test_a_log_that_has_grown_large_makes_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_user, "LOG_MAX_BYTES", 3)
    service_user.log_file(tmp_path, "postgres").write_text("long")
    assert not service_user.log_file(tmp_path, "postgres").exists()
    assert (tmp_path / "logs" / "postgres.log.old").read_text() == "long"
