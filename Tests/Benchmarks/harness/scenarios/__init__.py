"""The scenarios by name, in the order in which a whole run takes them."""

from . import big_body, flat_memory, idle, load, loops, mtls, policy_lists, reload, soak

SCENARIOS = {**load.SCENARIOS, **policy_lists.SCENARIOS, **mtls.SCENARIOS, **idle.SCENARIOS,
             **loops.SCENARIOS, **flat_memory.SCENARIOS, **reload.SCENARIOS, **big_body.SCENARIOS,
             **soak.SCENARIOS}
