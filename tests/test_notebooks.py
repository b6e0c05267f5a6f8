"""What notebooks show of tensors and modules."""

from __future__ import annotations

from html.parser import HTMLParser

import fnnet
from fnnet import nn


class Tags(HTMLParser):
    """Which tags are open; every one must be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_tensor_shows_its_text_and_what_numbers_do_not_tell() -> None:
    x = fnnet.zeros(2, 3, requires_grad=True)
    assert x._repr_html_() == (
        "<pre>tensor([[0., 0., 0.],\n        [0., 0., 0.]], requires_grad=True)</pre>"
        "<small>float32, (2, 3), on cpu, requires grad</small>"
    )
    assert "grad_fn=&lt;MulBackward0&gt;" in (x * 2)._repr_html_()


def test_a_module_is_a_tree_that_unfolds() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    text = net._repr_html_()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.count["details"] == 2
    assert "Linear(in_features=2, out_features=3, bias=True)</code> <small>9 parameters" in text
    assert "13 parameters" in text
    assert text.count(" open>") == 1


def test_names_are_escaped() -> None:
    class Odd(nn.Module):
        def extra_repr(self) -> str:
            return "<script>"

    assert "<script>" not in Odd()._repr_html_()
