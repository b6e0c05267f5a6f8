"""Broken plugins: `import fnnet` works in every case, and the report names distribution, version and reason."""

from __future__ import annotations

import pytest

from fnnet.plugins import Stage, State

GOOD = """
@hookimpl
def fnnet_optimizers():
    yield OptimizerSpec(name="good", load=lambda: 1)
"""


def broken(site, *arguments, **keywords):
    """Install one broken plugin, version 0.9, and a good one beside it; the broken one's report."""
    site.add("a-broken", *arguments, version="0.9", **keywords)
    site.add("b-good", GOOD)
    manager = site.manager(core=True)
    assert manager.optimizers.get("good").load() == 1
    [report] = [r for r in manager.report() if r.distribution == "a-broken"]
    assert report.version == "0.9"
    assert all((p.distribution, p.version) == ("a-broken", "0.9") for p in report.problems)
    return report


def only_problem(report):
    [problem] = report.problems
    return problem


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('boom\\nin two lines')", "a_broken.plugin: RuntimeError: boom in two lines"),
        ("import no_such_library", "a_broken.plugin: ModuleNotFoundError: No module named 'no_such_library'"),
        ("def broken(:", "a_broken.plugin: SyntaxError: invalid syntax (plugin.py, line 8)"),
        ("import sys; sys.exit('not here')", "a_broken.plugin: SystemExit: not here"),
        ("from fnnet.plugins import SomethingNewer", "a_broken.plugin: ImportError: cannot import name"),
        ("assert False", "a_broken.plugin: AssertionError"),
    ],
)
def test_raises_on_import(site, source, reason):
    report = broken(site, source)
    assert report.state is State.FAILED
    problem = only_problem(report)
    assert problem.stage is Stage.IMPORT
    assert problem.reason.startswith(reason)
    assert source.splitlines()[0][:10] in problem.traceback
    assert len(problem.traceback.splitlines()) <= 8


def test_entry_point_to_a_module_that_is_not_there(site):
    problem = only_problem(broken(site, target="a_broken.missing"))
    assert problem.reason == "a_broken.missing: ModuleNotFoundError: No module named 'a_broken.missing'"


def test_entry_point_to_an_attribute_that_is_not_there(site):
    problem = only_problem(broken(site, target="a_broken.plugin:PLUGIN"))
    assert (problem.stage, problem.reason[:47]) == (Stage.IMPORT, "a_broken.plugin:PLUGIN: AttributeError: module ")


def test_entry_point_that_is_no_module_name(site):
    assert only_problem(broken(site, target="not a module")).stage is Stage.IMPORT


def test_entry_point_to_something_without_hooks(site):
    problem = only_problem(broken(site, "PLUGIN = 3", target="a_broken.plugin:PLUGIN"))
    assert (problem.stage, problem.reason) == (
        Stage.API,
        "it has no hook fnnet_plugin_info, so its API version is unknown",
    )


def test_misspelt_hook(site):
    report = broken(site, "@hookimpl\ndef fnnet_optimisers():\n    return []\n")
    problem = only_problem(report)
    assert problem.stage is Stage.HOOKS
    assert problem.reason == "fnnet_optimisers is no hook; did you mean fnnet_optimizers?"
    assert report.state is State.ACTIVE  # its other hooks serve


def test_misspelt_beyond_guessing_and_unmarked(site):
    report = broken(site, "def fnnet_qqqq():\n    pass\n\ndef fnnet_kernels():\n    return []\n")
    unmarked, unknown = report.problems
    assert unmarked.reason == "fnnet_kernels is not marked with @hookimpl, so it is never asked"
    assert unknown.reason.startswith("fnnet_qqqq is no hook; there are fnnet_plugin_info, fnnet_backends, ")


def test_names_that_only_look_like_hooks_are_left_alone(site):
    source = "import fnnet.plugins as fnnet_plugins\nfnnet_api = 1\nclass fnnet_thing: pass\n"
    report = broken(site, source)
    assert (report.state, report.problems) == (State.ACTIVE, ())


def test_hook_with_an_argument_that_is_never_passed(site):
    problem = only_problem(broken(site, "@hookimpl\ndef fnnet_select_backend(requested, device):\n    pass\n"))
    assert problem.stage is Stage.HOOKS
    assert "Argument(s) {'device'} are declared in the hookimpl but can not be found in the hookspec" in problem.reason


def test_hook_that_wraps_those_of_others(site):
    source = "@hookimpl(wrapper=True)\ndef fnnet_optimizers():\n    return (yield)\n"
    problem = only_problem(broken(site, source))
    assert problem.reason == "fnnet_optimizers is a wrapper: a plugin can't change what another one provides"


def test_newer_api(site):
    report = broken(site, GOOD, api=99)
    problem = only_problem(report)
    assert (report.state, report.api, problem.stage) == (State.FAILED, 99, Stage.API)
    assert problem.reason == "it was written for plugin API 99, this fnnet serves 1: install a newer fnnet"
    assert report.provides == ()


def test_older_api(site):
    reason = only_problem(broken(site, api=0)).reason
    assert reason == "it was written for plugin API 0, this fnnet serves 1: install a newer a-broken"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("pass", "fnnet_plugin_info returned NoneType, expected PluginInfo"),
        ("return {'name': 'x'}", "fnnet_plugin_info returned dict, expected PluginInfo"),
        ("return PluginInfo(name='x', version=1, api=1)",
         "fnnet_plugin_info: ArgumentError: PluginInfo: version must be a string, got 1"),
        ("return PluginInfo(name='x')", "fnnet_plugin_info: TypeError: "),
    ],
)  # fmt: skip
def test_bad_info(site, body, reason):
    report = broken(site, f"@hookimpl\ndef fnnet_plugin_info():\n    {body}\n", info=False)
    assert report.state is State.FAILED
    assert only_problem(report).reason.startswith(reason)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", "fnnet_optimizers: TypeError: returned None, expected an iterable of OptimizerSpec"),
        ("return 3", "fnnet_optimizers: TypeError: 'int' object is not iterable"),
        ("yield OptimizerSpec(name='half', load=int); raise OSError('gone')", "fnnet_optimizers: OSError: gone"),
        ("yield OptimizerSpec(name='', load=int)", "fnnet_optimizers: OptionError: OptimizerSpec: name must be"),
        ("yield OptimizerSpec('x', int)", "fnnet_optimizers: TypeError: "),
    ],
)
def test_hook_that_raises_provides_nothing(site, body, reason):
    report = broken(site, f"@hookimpl\ndef fnnet_optimizers():\n    {body}\n")
    problem = only_problem(report)
    assert problem.stage is Stage.DESCRIPTORS
    assert problem.reason.startswith(reason)
    assert (report.state, report.provides) == (State.ACTIVE, ())


def test_descriptor_of_another_kind_is_left_out(site):
    source = """
    @hookimpl
    def fnnet_optimizers():
        yield InitializerSpec(name="x", load=int)
        yield "lion"
        yield OptimizerSpec(name="lion", load=int)
    """
    report = broken(site, source)
    assert [p.reason for p in report.problems] == [
        "fnnet_optimizers yielded InitializerSpec, expected OptimizerSpec",
        "fnnet_optimizers yielded str, expected OptimizerSpec",
    ]
    assert report.provides == (("optimizer", "lion"),)


def test_a_descriptor_can_t_claim_to_be_another_distribution_s(site):
    site.add(
        "fnnet-sly",
        "@hookimpl\ndef fnnet_optimizers():\n    yield OptimizerSpec(name='x', load=int, distribution='fnnet')\n",
    )
    assert site.manager().optimizers.get("x").distribution == "fnnet-sly"


def test_two_distributions_with_one_entry_point_name_and_one_module(site):
    """pluggy skips the second of one entry-point name silently; here both count, and a module counts once."""
    site.add("fnnet-a", GOOD)
    site.metadata("fnnet-b", "2.0", "[fnnet]\nfnnet-a = fnnet_a.plugin\n")
    manager = site.manager()
    first, second = manager.report()
    assert (first.state, second.state) == (State.ACTIVE, State.FAILED)
    assert only_problem(second).reason.startswith("Plugin already registered under a different name: ")
    assert manager.optimizers.get("good").load() == 1


# whole processes ----------------------------------------------------------------------------------------------

SHOW = """
for report in fnnet.plugins.manager().report():
    print(report.distribution, report.version, report.state.value)
for problem in fnnet.plugins.manager().problems():
    print(problem)
"""


def test_import_fnnet_beside_all_of_them(site):
    site.add("broken-import", "raise RuntimeError('boom')", version="0.1")
    site.add("broken-hook", "@hookimpl\ndef fnnet_kernel():\n    return []\n", version="0.2")
    site.add("broken-api", api=2, version="0.3")
    site.add("twin-one", GOOD, version="1.1")
    site.add("twin-two", GOOD, version="1.2")
    output = site.run("import fnnet, fnnet.plugins" + SHOW)
    lines = [line for line in output.splitlines() if line.startswith(("broken-", "twin-"))]
    assert lines == [
        "broken-api 0.3 failed",
        "broken-hook 0.2 active",
        "broken-import 0.1 failed",
        "twin-one 1.1 active",
        "twin-two 1.2 active",
        "broken-api 0.3: api: it was written for plugin API 2, this fnnet serves 1: install a newer fnnet",
        "broken-hook 0.2: hooks: fnnet_kernel is no hook; did you mean fnnet_kernels?",
        "broken-import 0.1: import: broken_import.plugin: RuntimeError: boom",
        "twin-one 1.1: descriptors: optimizer 'good' is provided by twin-one and twin-two",
    ]


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ({}, "import fnnet_first.plugin"),
        ({"__init__.py": "import fnnet\n"}, "import fnnet_first"),
        ({"__init__.py": "from fnnet_first.plugin import *\n"}, "import fnnet_first"),
        ({"__init__.py": "import fnnet.plugins as p\np.manager()\nimport fnnet_first.plugin\n"}, "import fnnet_first"),
        ({"__init__.py": "from fnnet_first import plugin\nimport fnnet\n"}, "import fnnet_first"),
    ],
    ids=["plugin module", "imports fnnet", "imports its plugin module", "asks the manager", "both"],
)  # fmt: skip
def test_a_plugin_package_that_is_imported_before_fnnet(site, files, first):
    site.add("fnnet-first", GOOD, files=files)
    output = site.run(f"{first}\nimport fnnet, fnnet.plugins" + SHOW)
    assert "fnnet-first 1.0 active" in output.splitlines()
    assert len([line for line in output.splitlines() if line.startswith("fnnet-first")]) == 1


def test_a_plugin_module_that_asks_before_it_has_defined_its_hooks(site):
    """Discovery begins inside the import of the plugin's own module: it is pending, and taken in later."""
    source = """
    import fnnet.plugins
    STATE = {r.distribution: r.state.value for r in fnnet.plugins.manager().report()}["fnnet-first"]
    """
    site.add("fnnet-first", source + GOOD.replace("\n", "\n    "))
    output = site.run(
        """
        import fnnet_first.plugin
        import fnnet.plugins
        print(fnnet_first.plugin.STATE, fnnet.plugins.manager().optimizers.get("good").load())
        """
    )
    assert output.split() == ["pending", "1"]


def test_settings_reach_a_process(site):
    site.add("fnnet-a", GOOD)
    site.add("fnnet-b", GOOD.replace("good", "other"))
    code = "import fnnet.plugins; print(*fnnet.plugins.manager().optimizers.names())"
    assert {"good", "other"} <= set(site.run(code).split())
    assert set(site.run(code, FNNET_PLUGINS="fnnet-b").split()) & {"good", "other"} == {"other"}
    assert set(site.run(code, FNNET_DISABLE_PLUGINS="*").split()) & {"good", "other"} == set()
