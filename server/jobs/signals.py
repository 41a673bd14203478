"""What durable jobs say of themselves, for metrics: one signal, sent whenever jobs change state.

`sender` is the model, `state` the new one, `count` how many jobs, `took_s` how long the attempt was
that postponed or finished one, else None. Receivers run in the transaction of the change, so they
count and do nothing else.
"""

from django.dispatch import Signal

jobs_moved = Signal()
