"""Which method of an experiment fills a role of the claims; variants do not."""

from collections.abc import Mapping, Sequence

from iass.reporting.claims.claim import Role
from iass.reporting.claims.verdict import NotRunError
from iass.reporting.job import MethodFacts


def find_method(
    name: str,
    roles: Mapping[str, Role],
    methods: Sequence[str],
    facts: Mapping[str, MethodFacts],
) -> str:
    """Return the one of `methods` that fills the role `name`. NotRunError says why none does."""
    role = roles[name]
    fitting = [method for method in methods if _fits(role, facts[method])]
    if role.like is not None:
        twin = facts[find_method(role.like, roles, methods, facts)]
        fitting = [method for method in fitting if _is_alike(facts[method], twin, role)]
    plain = [method for method in fitting if method == role.module]
    chosen = plain or fitting
    if len(chosen) > 1:
        raise NotRunError(f"several methods are {_describe(role)}: {', '.join(chosen)}")
    if not chosen:
        raise NotRunError(f"the experiment has no {_describe(role)}")
    return chosen[0]


def _fits(role: Role, facts: MethodFacts) -> bool:
    wanted = role.options.items()
    return facts.module == role.module and all(facts.options.get(k) == v for k, v in wanted)


def _is_alike(facts: MethodFacts, twin: MethodFacts, role: Role) -> bool:
    return facts.train == twin.train and {**facts.options, **role.options} == {
        **twin.options,
        **role.options,
    }


def _describe(role: Role) -> str:
    options = ", ".join(f"{key}: {value}" for key, value in role.options.items())
    alike = ", trained alike" if role.like else ""
    return f"method of module {role.module}" + (f" with {options}{alike}" if options else "")
