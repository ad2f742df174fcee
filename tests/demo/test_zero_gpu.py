import importlib
import sys
import types

import fer_hub.demo.app
from fer_hub.demo import zero_gpu
from fer_hub.demo.zero_gpu import on_gpu


def test_elsewhere_the_mark_does_nothing():
    assert on_gpu(fer_hub.demo.app.build_demo) is fer_hub.demo.app.build_demo
    assert zero_gpu.device()


def test_on_zerogpu_the_demo_has_a_function_that_asks_for_a_gpu(monkeypatch):
    marked = []

    def mark(function):
        marked.append(function.__name__)
        return function

    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=mark))
    importlib.reload(fer_hub.demo.zero_gpu)
    assert marked == ["device"]
    monkeypatch.delitem(sys.modules, "spaces")
    importlib.reload(zero_gpu)
