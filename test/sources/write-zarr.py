"""Writes an OME-Zarr as programs do while they acquire: KIND STORE. A plane a line that it reads, till the line "end".

Plane n, counted from 1, begins with the count 1000 + n. Says how many planes it has written after each.
"""

import json
import sys
from pathlib import Path

import numpy as np

kind, store = sys.argv[1], sys.argv[2]
HEIGHT, WIDTH = 90, 100
AXES = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
AXES += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def plane(n: int) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (1000 + n + (x // 3 + 2 * (y // 4)) % 60).astype("uint16")


def with_zarr_python(version: int, **layout):
    """An array of three time points and two channels; a chunk may hold several planes."""
    import zarr

    root = zarr.open_group(store, mode="w", zarr_format=version)
    scale = [{"type": "scale", "scale": [1, 1, 0.5, 0.5]}]
    image = {
        "multiscales": [{"axes": AXES, "datasets": [{"path": "0", "coordinateTransformations": scale}]}],
        "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]},
    }
    for part in image["multiscales"]:
        part["version"] = "0.4" if version == 2 else "0.5"
    root.attrs.update(image if version == 2 else {"ome": {"version": "0.5", **image}})
    array = root.create_array("0", shape=(3, 2, HEIGHT, WIDTH), dtype="uint16", **layout)

    def put(n: int) -> None:
        array[(n - 1) // 2, (n - 1) % 2] = plane(n)

    return put, lambda: None


def with_ome_writers(backend: str, *, plate: bool, chunk: int = 64, **time):
    import ome_writers as ow

    positions = [ow.Position(name=f"fov{i}", plate_row="C", plate_column="3") for i in (0, 1)]
    space = {"type": "space", "chunk_size": chunk, "unit": "micrometer", "scale": 0.5}
    first = (
        ow.PositionDimension(positions=positions)
        if plate
        else ow.Dimension(name="t", count=None if time else 2, type="time", **time)
    )
    settings = ow.AcquisitionSettings(
        root_path=store,
        dimensions=[
            first,
            ow.Dimension(name="c", count=3, type="channel", coords=["DAPI", "GFP", "Cy5"]),
            ow.Dimension(name="y", count=HEIGHT, **space),
            ow.Dimension(name="x", count=WIDTH, **space),
        ],
        dtype="uint16",
        plate=ow.Plate(row_names=["C"], column_names=["3"], name="Live") if plate else None,
        format=ow.OmeZarrFormat(backend=backend),
    )
    stream = ow.create_stream(settings)
    return lambda n: stream.append(plane(n)), stream.close


def with_acquire_zarr(**time):
    import acquire_zarr as az

    def axis(name, kind, size, chunk, **more):
        return az.Dimension(name=name, kind=kind, array_size_px=size, chunk_size_px=chunk, **more)

    space = {"shard_size_chunks": 2}
    array = az.ArraySettings(
        output_key="image",
        data_type=np.uint16,
        downsampling_method=az.DownsamplingMethod.MEAN,
        dimensions=[
            axis("t", az.DimensionType.TIME, 0, 1, **time),
            axis("c", az.DimensionType.CHANNEL, 2, 1, shard_size_chunks=1),
            axis("y", az.DimensionType.SPACE, HEIGHT, 64, **space),
            axis("x", az.DimensionType.SPACE, WIDTH, 64, **space),
        ],
    )
    stream = az.ZarrStream(az.StreamSettings(arrays=[array], store_path=store, overwrite=True))
    return lambda n: stream.append(plane(n)), stream.close


def with_pymmcore_plus():
    """A real MMCore with its demo camera; all planes are written at once."""
    import mm_test_adapters
    from pymmcore_plus import CMMCorePlus
    from useq import MDASequence

    core = CMMCorePlus()
    core.setDeviceAdapterSearchPaths([mm_test_adapters.device_adapter_path()])
    core.loadSystemConfiguration(str(Path(mm_test_adapters.device_adapter_path()) / "MMConfig_demo.cfg"))
    core.setExposure(1)
    sequence = MDASequence(
        channels=["DAPI", "FITC"],
        stage_positions=[(0, 0, 0), (100, 0, 0)],
        time_plan={"interval": 0, "loops": 2},
        axis_order="tpc",
    )

    def put(n: int) -> None:
        if n == 1:
            core.mda.run(sequence, output=store)

    return put, lambda: None


KINDS = {
    "zarr-python, 0.4": lambda: with_zarr_python(2, chunks=(1, 1, 64, 64)),
    "zarr-python, 0.4, flat names": lambda: with_zarr_python(
        2, chunks=(1, 1, 90, 100), chunk_key_encoding={"name": "v2", "separator": "."}
    ),
    "zarr-python, 0.5, chunks of three planes": lambda: with_zarr_python(3, chunks=(3, 1, 90, 100)),
    "zarr-python, 0.5, shards": lambda: with_zarr_python(3, chunks=(1, 1, 45, 100), shards=(3, 2, 90, 100)),
    "ome-writers by zarr-python, a plate": lambda: with_ome_writers("zarr-python", plate=True),
    "ome-writers by tensorstore, a plate": lambda: with_ome_writers("tensorstore", plate=True),
    "ome-writers by tensorstore, time without end": lambda: with_ome_writers(
        "tensorstore", plate=False, chunk_size=1
    ),
    "ome-writers by acquire-zarr, a plate": lambda: with_ome_writers("acquire-zarr", plate=True),
    "acquire-zarr": lambda: with_acquire_zarr(shard_size_chunks=1),
    "acquire-zarr, shards of two time points": lambda: with_acquire_zarr(shard_size_chunks=2),
    "pymmcore-plus": with_pymmcore_plus,
}

if kind == "":
    print(json.dumps(list(KINDS)))
    sys.exit()
put, end = KINDS[kind]()
for n, line in enumerate(sys.stdin, start=1):
    if line.strip() == "end":
        end()
        print("end", flush=True)
    else:
        put(n)
        print(n, flush=True)
