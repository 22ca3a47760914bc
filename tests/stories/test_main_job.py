"""A pull request is planned, merged and applied in dependency order, with one living comment."""

from __future__ import annotations

from pathlib import Path

from tests.rig import open_rig


async def test_plan_merge_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        pull = rig.scene.open_pull(["database"])
        await rig.until_quiet()
        print(rig.dispatched())
        print(rig.scene.answers)
        print(rig.db.rows("select * from inbox")and [dict(r)|{'body':None} for r in rig.db.rows("select * from inbox where state!='done'")])
        print(rig.comment(pull))
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        print(rig.dispatched("apply"))
        print(rig.comment(pull))
