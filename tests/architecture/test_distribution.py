"""The wheel holds what an installed AURA needs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.architecture._repository import PACKAGES, ROOT, project_files


def test_wheel_holds_the_packages_with_their_data_and_no_tests(tmp_path: Path) -> None:
    """Spec: package data ships, the starter list and the migrations among it."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("aura_mcp-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licenses = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    assert names == {path.as_posix() for path in project_files() if path.parts[0] in PACKAGES}
    assert "data/starter_wallets.csv" in names
    assert licenses
