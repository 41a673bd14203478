"""The pools of threads of a web process, by what their requests wait for."""

from collections.abc import Callable, Mapping

from server.web.threads.batching_pool import BatchingPool
from server.web.threads.shared_pool import SharedPool
from server.web.threads.thread_pools import ThreadPool

# Each pool waits for something else, so that whatever is late holds up its own kind alone.
THREADS = {
    "fast": 4,  # for one look-up in the database
    "write": 8,  # for commits: one gathers them, the next takes over when it is held up
    "large_write": 2,  # for commits of more than BATCHED_MAX_BYTES, each on its own
    "slow": 4,  # for password hashes, and for pages' forms
    "transfer": 8,  # for a piece of a long body each
    "export": 4,  # for those that read from a snapshot: in turn (server.web.threads.fair_semaphore)
    "remote": 8,  # for the directory, on behalf of our people and those who sign up
    "lookup": 4,  # for servers that a client names: nobody vouches for them
    "moderation": 6,  # for com.atproto.admin.* and the console: staff wait for nobody else
    "static": 4,  # for the files that pages need
}
# Fair pools, and how many threads they have at the most, for clients with nothing under way. One
# client alone has half of THREADS.
FAIR = {
    "large_write": 3,
    "slow": 6,  # a hash takes 19 MB
    "transfer": 16,
    "export": 8,
    "remote": 16,
    "lookup": 16,
    "moderation": 8,
    "static": 6,
}
# How long requests queue at the most: people sign in, and would rather be told
QUEUES_S = {"slow": 2.0}


def all_of_them(at_end: Callable[[], None]) -> Mapping[str, ThreadPool]:
    """A pool for each name of THREADS. `at_end` is called in a thread that had nothing to do for
    long."""
    return {name: _pool(name, count, at_end) for name, count in THREADS.items()}


def _pool(name: str, threads: int, at_end: Callable[[], None]) -> ThreadPool:
    if name in FAIR:
        queues_s = QUEUES_S.get(name, float("inf"))
        return SharedPool(name, threads, most=FAIR[name], queues_s=queues_s, at_end=at_end)
    if name == "write":
        return BatchingPool(name, threads, at_rest=at_end)
    return ThreadPool(name, threads, at_rest=at_end)
