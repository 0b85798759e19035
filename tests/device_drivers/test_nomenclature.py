"""The one table of quantities is whole."""

from __future__ import annotations

import pytest

from device_drivers.nomenclature import ESSENTIAL, KINDS, QUANTITIES, Kind, Quantity


def test_every_kind_and_quantity_is_named() -> None:
    assert set(KINDS) == set(Kind)
    assert set(ESSENTIAL) == set(Kind)
    assert set(QUANTITIES) == set(Quantity)


@pytest.mark.parametrize("quantity", Quantity)
def test_a_quantity_has_a_unit_and_a_range_in_order(quantity: Quantity) -> None:
    code = QUANTITIES[quantity]
    assert code.ucum
    if code.plausible is not None:
        low, high = code.plausible
        assert low < high


def test_no_two_quantities_share_an_mdc_code() -> None:
    codes = [code.mdc for code in QUANTITIES.values() if code.mdc is not None]
    assert len(codes) == len(set(codes))
