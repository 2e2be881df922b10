#!/usr/bin/env python3
"""Writes the OME-Zarrs under test/fixtures/zarr and what Python reads from them (expected.json).

The tests compare Parfocal's reader with these numbers, so it is checked against zarr, ome-zarr and ome-writers,
not against itself. Needs: pip install numpy zarr==3.1.6 ome-zarr==0.18.0 "ome-writers[zarr-python]==0.3.2"
Usage: python scripts/make-zarr-fixtures.py
"""

import json
import shutil
from pathlib import Path

import numcodecs
import numpy as np
import ome_writers
import zarr
from ome_zarr.format import FormatV04, FormatV05
from ome_zarr.writer import (
    write_image,
    write_multiscales_metadata,
    write_plate_metadata,
    write_well_metadata,
)
from zarr import codecs

HERE = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "zarr"
HEIGHT, WIDTH = 90, 100
PIXEL_UM, STEP_UM = 0.325, 2.0

expected: dict[str, list[dict]] = {}


def scene(*others: int, dtype: str = "uint16", seed: int = 1) -> np.ndarray:
    """Planes that differ, of few values so that they stay small."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    count = int(np.prod(others))
    planes = [100 + 8 * seed + 500 * n + (x // 3 + 2 * (y // 4)) % 60 for n in range(count)]
    return np.array(planes).reshape(*others, HEIGHT, WIDTH).astype(dtype)


def counts(plane: np.ndarray) -> np.ndarray:
    """What Parfocal takes for counts: whole numbers from 0 on, anything else over 16 bits."""
    if plane.dtype in (np.uint8, np.uint16):
        return plane
    values = plane.astype("float64")
    low, high = values.min(), values.max()
    is_whole = bool((values == np.rint(values)).all())
    start = 0 if is_whole and low >= 0 and high <= 65535 else low
    gain = 1 if is_whole and high - start <= 65535 else 65535 / (high - low)
    return np.floor((values - start) * gain + 0.5).astype("uint16")


def describe(path: str, array: str = "0") -> None:
    """Reads an image back with zarr."""
    pixels = zarr.open_array(HERE / path / array, mode="r")[...]
    pages = []
    for plane in map(counts, pixels.reshape(-1, HEIGHT, WIDTH)):
        weights = np.arange(plane.size).reshape(plane.shape) % 251 + 1
        spots = [[r, c, int(plane[r, c])] for r, c in ((0, 0), (89, 99), (63, 64), (64, 63))]
        pages.append(
            {
                "height": HEIGHT,
                "width": WIDTH,
                "dtype": str(plane.dtype),
                "sum": int(plane.sum(dtype="int64")),
                "weightedSum": int((plane.astype("int64") * weights).sum()),
                "min": int(plane.min()),
                "max": int(plane.max()),
                "pixels": spots,
            }
        )
    expected[path] = pages


def channel(label: str) -> dict:
    return {"label": label, "color": "00FF00", "window": {"min": 0, "max": 65535, "start": 0, "end": 1500}}


def plate(name: str, fmt: FormatV04 | FormatV05, axes: str, others: tuple[int, ...], options: dict) -> None:
    root = zarr.open_group(HERE / name, mode="w", zarr_format=fmt.zarr_format)
    wells = ["A/1", "B/12"]
    write_plate_metadata(
        root, ["A", "B"], [str(n) for n in range(1, 13)], wells, fmt=fmt, field_count=2, name="Screen 7"
    )
    for seed, well in enumerate(wells):
        group = root.require_group(well)
        write_well_metadata(group, ["0", "1"], fmt=fmt)
        for field in range(2):
            write_image(
                scene(*others, seed=2 * seed + field),
                group.require_group(str(field)),
                scale_factors=[2],
                fmt=fmt,
                axes=axes,
                storage_options=options,
                scale={"z": STEP_UM, "y": PIXEL_UM, "x": PIXEL_UM},
                axes_units={"z": "micrometer", "y": "micrometer", "x": "micrometer"},
                omero={"channels": [channel("DAPI"), channel("GFP")]},
            )
            describe(
                f"{name}/{well}/{field}", "s0" if (HERE / name / well / str(field) / "s0").exists() else "0"
            )


def image(name: str, data: np.ndarray, axes: str, zarr_format: int, **options: object) -> None:
    """One image whose array is made with the options given."""
    fmt = FormatV04() if zarr_format == 2 else FormatV05()
    root = zarr.open_group(HERE / name, mode="w", zarr_format=zarr_format)
    array = root.create_array("0", shape=data.shape, dtype=data.dtype, **options)
    array[...] = data
    transformations = [{"type": "scale", "scale": [1.0] * data.ndim}]
    datasets = [{"path": "0", "coordinateTransformations": transformations}]
    write_multiscales_metadata(root, datasets, fmt=fmt, axes=list(axes))
    describe(name)


def series(name: str) -> None:
    """As bioformats2raw lays series out."""
    root = zarr.open_group(HERE / name, mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    root.require_group("OME").attrs["series"] = ["0", "1"]
    for number in range(2):
        write_image(
            scene(1, 2, 1, seed=number),
            root.require_group(str(number)),
            scale_factors=[],
            fmt=FormatV04(),
            axes="tczyx",
        )
        describe(f"{name}/{number}", "s0" if (HERE / name / str(number) / "s0").exists() else "0")


def streamed(name: str) -> None:
    """As pymmcore-plus writes a plate while it is acquired."""
    data = scene(2, 2, seed=3)
    settings = ome_writers.AcquisitionSettings(
        root_path=str(HERE / name),
        dimensions=[
            ome_writers.PositionDimension(
                positions=[
                    ome_writers.Position(name="fov0", plate_row="C", plate_column="3"),
                    ome_writers.Position(name="fov1", plate_row="C", plate_column="3"),
                ]
            ),
            ome_writers.Dimension(name="c", count=2, type="channel", coords=["DAPI", "GFP"]),
            ome_writers.Dimension(
                name="y", count=HEIGHT, type="space", chunk_size=64, unit="micrometer", scale=0.5
            ),
            ome_writers.Dimension(
                name="x", count=WIDTH, type="space", chunk_size=64, unit="micrometer", scale=0.5
            ),
        ],
        dtype="uint16",
        plate=ome_writers.Plate(row_names=["C"], column_names=["3"], name="Live"),
        format=ome_writers.OmeZarrFormat(backend="zarr-python"),
    )
    with ome_writers.create_stream(settings) as stream:
        for plane in data.reshape(-1, HEIGHT, WIDTH):
            stream.append(plane)
    for field in ("fov0", "fov1"):
        describe(f"{name}/C/3/{field}")


def main() -> None:
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir(parents=True)
    plate("plate04.ome.zarr", FormatV04(), "czyx", (2, 2), {"chunks": (1, 1, 64, 64)})
    plate(
        "plate05.ome.zarr",
        FormatV05(),
        "tczyx",
        (2, 2, 1),
        {"chunks": (1, 1, 1, 45, 50), "shards": (1, 2, 1, 90, 100)},
    )
    blosc = numcodecs.Blosc
    two = {
        "blosc_lz4": blosc("lz4", shuffle=blosc.SHUFFLE),
        "blosc_zstd": blosc("zstd", shuffle=blosc.BITSHUFFLE),
        "zlib": numcodecs.Zlib(),
        "gzip": numcodecs.GZip(),
        "zstd": numcodecs.Zstd(),
        "lz4": numcodecs.LZ4(),
        "raw": None,
    }
    for name, compressor in two.items():
        image(f"v2_{name}.zarr", scene(2), "zyx", 2, chunks=(1, 64, 64), compressors=compressor)
    deep = {"chunks": (3, 64, 64)}
    image("v2_big_endian.zarr", scene(dtype=">u2"), "yx", 2, chunks=(64, 64))
    image("v2_fortran.zarr", scene(3), "zyx", 2, **deep, order="F")
    image("v2_uint8.zarr", scene(dtype="uint8"), "yx", 2, chunks=(90, 100))
    image("v2_int16.zarr", (scene(dtype="int16") - 140).astype("int16"), "yx", 2, chunks=(64, 64))
    image("v2_float32.zarr", (scene() / 7).astype("float32"), "yx", 2, chunks=(64, 64))
    image(
        "v3_blosc.zarr",
        scene(3),
        "zyx",
        3,
        **deep,
        compressors=codecs.BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
    )
    image("v3_gzip.zarr", scene(1, 2), "tcyx", 3, chunks=(1, 2, 64, 64), compressors=codecs.GzipCodec())
    image(
        "v3_raw_big_endian.zarr",
        scene(),
        "yx",
        3,
        chunks=(64, 64),
        compressors=None,
        serializer=codecs.BytesCodec(endian="big"),
    )
    image(
        "v3_sharded.zarr",
        scene(4),
        "zyx",
        3,
        chunks=(1, 32, 32),
        shards=(2, 96, 128),
        compressors=codecs.ZstdCodec(),
    )
    image(
        "v3_transposed.zarr",
        scene(2),
        "zyx",
        3,
        chunks=(2, 64, 64),
        filters=codecs.TransposeCodec(order=(2, 1, 0)),
    )
    # Some writers put the index of a shard first, or leave out its checksum.
    for name, location, check in (
        ("v3_index_first", "start", [codecs.Crc32cCodec()]),
        ("v3_no_checksum", "end", []),
    ):
        sharding = codecs.ShardingCodec(
            chunk_shape=(1, 32, 32),
            codecs=[codecs.BytesCodec(), codecs.ZstdCodec()],
            index_codecs=[codecs.BytesCodec(), *check],
            index_location=location,
        )
        image(f"{name}.zarr", scene(2), "zyx", 3, chunks=(2, 96, 128), serializer=sharding, compressors=None)
    image("v3_float32.zarr", (scene() / 7).astype("float32"), "yx", 3, chunks=(64, 64))
    series("series.zarr")
    streamed("streamed.ome.zarr")
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
