"""Many counties at once: each part, done by a worker of the pool, ends as the county alone would."""

import pytest

from bench import province
from bench.crosscheck_county import County
from tests import services


@pytest.mark.services
def test_the_counties_of_a_province_end_as_one_alone(tmp_path, redis_url, monkeypatch, capsys):
    County(3, scale=0.004).write(tmp_path / "data")
    try:
        server = services.postgres().url
    except services.Missing as reason:
        pytest.skip(str(reason))
    with province.province(province.Place(tmp_path, tmp_path / "data", server, redis_url)) as place:
        alone = province.alone(place, "alone")
        _seconds, wrong = province.together(place, counties=2, workers=2, mark=alone["mark"])

    assert alone["automatic"] > 50
    assert alone["false_automatic"] == 0
    assert wrong == 0
    assert "2 counties, 2 worker processes" in capsys.readouterr().out
