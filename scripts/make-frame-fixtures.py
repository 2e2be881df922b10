#!/usr/bin/env python3
"""Writes the images under test/fixtures/frames and what Python reads from them (expected.json).

The tests compare Parfocal's readers with these numbers, so the readers are checked against tifffile and
Pillow, not against themselves. Needs: pip install numpy tifffile imagecodecs Pillow
Usage: python scripts/make-frame-fixtures.py
"""

import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

HERE = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "frames"
HEIGHT, WIDTH = 90, 100
REDUCED_COPY = 1

expected: dict[str, list[dict]] = {}
jpegs: dict[str, list[dict]] = {}


def scene(dtype: str, seed: int, highest: int | None = None) -> np.ndarray:
    """Blurred spots on a noisy background: compressible, with all bytes in use."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    image = 0.04 + 0.01 * rng.standard_normal((HEIGHT, WIDTH))
    for _ in range(12):
        cy, cx, radius = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH), rng.uniform(3, 9)
        image += rng.uniform(0.2, 0.9) * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * radius**2))
    top = highest if highest is not None else np.iinfo(dtype).max
    return np.clip(image * top, 0, top).astype(dtype)


def noise(dtype: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (HEIGHT, WIDTH), dtype=dtype, endpoint=True)


def describe(pages) -> list[dict]:
    described = []
    for page in pages:
        page = np.asarray(page)
        height, width = page.shape
        spots = [(0, 0), (0, width - 1), (height - 1, 0), (height // 2, width // 3), (height - 1, width - 1)]
        weights = np.arange(page.size, dtype=np.uint64) % 251 + 1
        described.append(
            {
                "height": height,
                "width": width,
                "dtype": page.dtype.newbyteorder("=").name,
                "sum": int(page.sum(dtype=np.uint64)),
                # Differs when pixels change places, as a plain sum does not.
                "weightedSum": int((page.ravel().astype(np.uint64) * weights).sum()),
                "min": int(page.min()),
                "max": int(page.max()),
                "pixels": [[r, c, int(page[r, c])] for r, c in spots],
            }
        )
    return described


def tiff(name: str, data: np.ndarray, **options) -> Path:
    """Writes a TIFF and notes what tifffile reads back from it."""
    path = HERE / name
    options.setdefault("photometric", "minisblack")
    options.setdefault("metadata", None)
    tifffile.imwrite(path, data, **options)
    with tifffile.TiffFile(path) as file:
        pages = [page.asarray() for page in file.pages]
    if options["photometric"] == "miniswhite":
        pages = [np.iinfo(page.dtype).max - page for page in pages]
    expected[name] = describe(pages)
    return path


def png(name: str, data: np.ndarray) -> Path:
    path = HERE / name
    Image.fromarray(data).save(path)
    expected[name] = describe([np.asarray(Image.open(path)).astype(data.dtype)])
    return path


def png_with_chunk(source: Path, name: str, kind: bytes, body: bytes) -> None:
    """Copies a PNG with one more chunk right after its header."""
    data = source.read_bytes()
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    (HERE / name).write_bytes(data[:33] + chunk + data[33:])
    expected[name] = expected[source.name]


def good_tiffs() -> None:
    grey8, grey16 = scene("uint8", 1), scene("uint16", 2)
    tiff("grey8.tif", grey8)
    tiff("grey16_le.tif", grey16, byteorder="<")
    tiff("grey16_be.tif", grey16, byteorder=">")
    tiff("strips8.tif", grey8, rowsperstrip=7)
    tiff("strips16_be.tif", grey16, rowsperstrip=7, byteorder=">")
    # 90 strips: their offsets no longer fit beside the directory.
    tiff("strips16_be_many.tif", grey16, rowsperstrip=1, byteorder=">", compression="zlib")
    tiff("lzw8.tif", grey8, compression="lzw", rowsperstrip=32)
    tiff("lzw16_le.tif", grey16, compression="lzw", byteorder="<")
    tiff("lzw16_be.tif", grey16, compression="lzw", byteorder=">", rowsperstrip=16)
    tiff("lzw16_le_predictor.tif", grey16, compression="lzw", predictor=2, byteorder="<")
    tiff("lzw16_be_predictor.tif", grey16, compression="lzw", predictor=2, byteorder=">", rowsperstrip=16)
    tiff("lzw16_noise.tif", noise("uint16", 3), compression="lzw", rowsperstrip=HEIGHT)
    tiff("lzw8_flat.tif", np.full((HEIGHT, WIDTH), 7, "uint8"), compression="lzw", rowsperstrip=HEIGHT)
    tiff("deflate8_predictor.tif", grey8, compression="zlib", predictor=2)
    tiff("deflate16_le.tif", grey16, compression="zlib", byteorder="<", rowsperstrip=20)
    tiff("deflate16_old.tif", grey16, compression=32946)
    tiff("deflate16_be_predictor.tif", grey16, compression="zlib", predictor=2, byteorder=">")
    tiff("packbits8.tif", grey8, compression="packbits")
    tiff("tiled8.tif", grey8, tile=(32, 48))
    tiff("tiled16_le.tif", grey16, tile=(32, 48), byteorder="<")
    tiff("tiled16_be_predictor.tif", grey16, tile=(16, 16), byteorder=">", compression="zlib", predictor=2)
    tiff("bigtiff16_le.tif", grey16, bigtiff=True, byteorder="<")
    tiff("bigtiff16_be_lzw.tif", grey16, bigtiff=True, byteorder=">", compression="lzw", rowsperstrip=10)
    tiff("white_is_zero8.tif", grey8, photometric="miniswhite")
    tiff("white_is_zero16_be.tif", grey16, photometric="miniswhite", byteorder=">")
    ramp = np.linspace(0, 65535, 256).astype("uint16")
    tiff("palette8.tif", grey8, photometric="palette", colormap=np.stack([ramp, ramp // 2, ramp // 4]))
    tiff("small10.tif", grey8[:10, :10])
    stack = np.stack([scene("uint16", seed)[:50, :60] for seed in range(10, 14)])
    tiff("multipage16.tif", stack)
    tiff("multipage16_be_deflate.tif", stack, byteorder=">", compression="zlib")
    shutil.copyfile(HERE / "grey16_be.tif", HERE / "really_a_tiff.png")
    expected["really_a_tiff.png"] = expected["grey16_be.tif"]

    with tifffile.TiffWriter(HERE / "pyramid8.tif") as writer:
        writer.write(grey8, photometric="minisblack", metadata=None)
        writer.write(grey8[::2, ::2], photometric="minisblack", metadata=None, subfiletype=REDUCED_COPY)
    expected["pyramid8.tif"] = describe([grey8])

    # As ImageJ writes stacks over 4 GB: one directory, the other pages follow the first without any.
    one = HERE / "imagej_one_directory.tif"
    tifffile.imwrite(one, stack[:3], imagej=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(one) as file:
        series = file.series[0].asarray()
        second = file.pages[1].offset
        first = file.pages[0]
        next_at = first.offset + 2 + 12 * len(first.tags)
    data = bytearray(one.read_bytes())
    data[next_at : next_at + 4] = bytes(4)
    one.write_bytes(data)
    assert second > 0
    expected[one.name] = describe(series)
    # A page taken out of a stack keeps the stack's description.
    tiff("imagej_stale_count.tif", stack[0], description="ImageJ=1.53t\nimages=50\n")


def acquisition_tiffs() -> None:
    """Files with metadata as acquisition programs write them."""
    counts = scene("uint16", 20, highest=4095)[:60, :64]
    record = {
        "Camera": "Andor",
        "BitDepth": 12,
        "Exposure-ms": 25.5,
        "ElapsedTime-ms": 1234.0,
        "PixelSizeUm": 0.325,
        "PositionName": "B07-Site_2",
        "XPositionUm": -1200.25,
        "YPositionUm": 340.5,
        "ZPositionUm": 4213.2,
        "Channel": "DAPI",
        "FrameIndex": 3,
        "SliceIndex": 1,
        "ChannelIndex": 0,
        "PositionIndex": 5,
        "Binning": "2",
        "ScopeData": {"Core-Focus": "ZDrive"},
    }
    # One image a file: big-endian, JSON in ImageJ's info block, no tag 51123.
    path = HERE / "mm_separate_be.tif"
    tifffile.imwrite(path, counts, imagej=True, byteorder=">", metadata={"Info": json.dumps(record)})
    expected[path.name] = describe([tifffile.imread(path)])
    path = HERE / "mm_separate_le.tif"
    tifffile.imwrite(path, counts, imagej=True, byteorder="<", metadata={"Info": json.dumps(record)})
    expected[path.name] = describe([tifffile.imread(path)])

    # A stack: tag 51123 on every page, and two descriptions on the first.
    ome = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="100" SizeY="90" '
        'SizeC="1" SizeZ="2" SizeT="1" SignificantBits="12" PhysicalSizeX="325.0" PhysicalSizeXUnit="nm">'
        "<TiffData/></Pixels></Image></OME>"
    )
    name = "mm_stack.ome.tif"
    with tifffile.TiffWriter(HERE / name) as writer:
        for page in range(2):
            tags = [(51123, "s", 0, json.dumps({**record, "SliceIndex": page, "ZPositionUm": 10.0 + page}), True)]
            if page == 0:
                tags.append((271, "s", 0, "ImageJ=1.53\nimages=2\n", True))
            writer.write(
                counts + page,
                photometric="minisblack",
                metadata=None,
                description=ome if page == 0 else None,
                extratags=tags,
            )
    with tifffile.TiffFile(HERE / name) as file:
        expected[name] = describe([page.asarray() for page in file.pages])
        make = file.pages[0].tags[271].offset
    data = bytearray((HERE / name).read_bytes())
    struct.pack_into("<H", data, make, 270)  # tifffile writes no second description itself
    (HERE / name).write_bytes(data)

    # pycro-manager's spellings.
    spelt = {
        "PixelSize_um": 0.65,
        "ZPosition_um_Intended": 7.5,
        "XPosition_um_Intended": 1,
        "Exposure": "10",
        "Axes": {"z": 2, "time": 4, "channel": "GFP", "position": 1},
        "BitDepth": "16",
        "PixelType": "GRAY16",
    }
    tiff("pycromanager16.tif", counts, extratags=[(51123, "s", 0, json.dumps(spelt), True)])
    tiff("damaged_metadata16.tif", counts, extratags=[(51123, "s", 0, '{"ZPositionUm": 4', True)])
    too_few = json.dumps({"BitDepth": 10})
    tiff("bit_depth_too_low16.tif", counts, extratags=[(51123, "s", 0, too_few, True)])

    path = HERE / "significant_bits.ome.tif"
    tifffile.imwrite(
        path,
        np.stack([counts, counts // 2]),
        ome=True,
        photometric="minisblack",
        metadata={
            "axes": "ZYX",
            "SignificantBits": 12,
            "PhysicalSizeX": 0.65,
            "PhysicalSizeXUnit": "µm",
            "UUID": "00000000-0000-4000-8000-000000000000",  # else a new one each time
        },
    )
    with tifffile.TiffFile(path) as file:
        assert 'SignificantBits="12"' in file.ome_metadata
        expected[path.name] = describe([page.asarray() for page in file.pages])


def good_pngs() -> None:
    grey8, grey16 = scene("uint8", 30), scene("uint16", 31)
    png("grey8.png", grey8)
    png("grey16.png", grey16)
    twelve = png("grey16_twelve_bits.png", scene("uint16", 32, highest=4095))
    png_with_chunk(twelve, "grey16_sbit12.png", b"sBIT", b"\x0c")
    twelve.unlink()
    del expected[twelve.name]
    # The PNG specification scales the values up to the full range.
    png_with_chunk(HERE / "grey16.png", "grey16_sbit12_scaled.png", b"sBIT", b"\x0c")


def cut(source: str, name: str, size: int) -> None:
    (HERE / name).write_bytes((HERE / source).read_bytes()[:size])


def luminance(rgb: np.ndarray) -> np.ndarray:
    red, green, blue = (rgb[..., channel].astype("float64") for channel in range(3))
    return np.floor(0.299 * red + 0.587 * green + 0.114 * blue + 0.5).astype(rgb.dtype)


def stretched(image: np.ndarray) -> np.ndarray:
    """Over all 16 bits; what is no number counts as the lowest."""
    image = image.astype("float64")
    low, high = np.nanmin(image[np.isfinite(image)]), np.nanmax(image[np.isfinite(image)])
    image = np.clip(np.nan_to_num(image, nan=low, posinf=high, neginf=low), low, high)
    return np.floor((image - low) * (65535 / (high - low)) + 0.5).astype("uint16")


def other_pixels() -> None:
    """What the reader of 8- and 16-bit counts leaves to geotiff, as tifffile reads it."""
    grey8, grey16 = scene("uint8", 1), scene("uint16", 2)
    rgb = np.stack([grey8, grey8[::-1], scene("uint8", 9)], -1)

    def written(name: str, data: np.ndarray, meant, **options) -> None:
        path = HERE / name
        tifffile.imwrite(path, data, **{"photometric": "minisblack", "metadata": None, **options})
        expected[name] = describe(meant(tifffile.imread(path)))

    def one(change):
        return lambda image: [change(image)]

    counts = one(lambda image: image.astype("uint16"))
    written("float32_counts.tif", grey16.astype("float32"), counts)
    written("float32_be_predictor.tif", grey16.astype("float32"), counts, byteorder=">", compression="zlib", predictor=3)
    ratio = (grey16 / 65535).astype("float32")
    ratio[3, 4], ratio[5, 6] = np.nan, np.inf
    written("float32_ratio.tif", ratio, one(stretched), compression="zstd")
    written("float64_tiles.tif", grey16 / 7.0, one(stretched), tile=(32, 48), compression="lzw")
    written("int16_positive.tif", (grey16 // 2).astype("int16"), counts)
    written("int16_negative.tif", grey16.view("int16") // 2, one(lambda image: (image.astype("int32") - image.min()).astype("uint16")))
    written("uint32_counts.tif", grey16.astype("uint32"), counts, rowsperstrip=7)
    written("uint32_large.tif", grey16.astype("uint32") * 1000, one(stretched), byteorder=">")
    # As some cameras' programs save them: packed, each row from a byte of its own.
    for bits in (10, 12, 14):
        written(f"packed{bits}.tif", grey16 >> (16 - bits), one(np.asarray), bitspersample=bits, rowsperstrip=25)
    written("packed12_be.tif", grey16 >> 4, one(np.asarray), bitspersample=12, byteorder=">")
    written("zstd8.tif", grey8, one(np.asarray), compression="zstd")
    written("zstd16_predictor.tif", grey16, one(np.asarray), compression="zstd", predictor=2, rowsperstrip=20)
    written("uint32_be_predictor.tif", grey16.astype("uint32"), counts, byteorder=">", compression="zlib", predictor=2)
    # Decoders of JPEG round differently: their pixels are compared with a tolerance.
    for name, data, photometric in [("jpeg8.tif", grey8, "minisblack"), ("jpeg_rgb8.tif", rgb, "rgb")]:
        path = HERE / name
        tifffile.imwrite(path, data, photometric=photometric, metadata=None, compression="jpeg")
        image = tifffile.imread(path)
        jpegs[name] = describe([image if image.ndim == 2 else luminance(image)])
    written("rgb8.tif", rgb, one(luminance), photometric="rgb")
    written("rgb16_lzw.tif", rgb.astype("uint16") * 200, one(luminance), photometric="rgb", compression="lzw", predictor=2)
    written("rgb8_planar.tif", np.moveaxis(rgb, -1, 0), one(lambda image: luminance(np.moveaxis(image, 0, -1))), photometric="rgb", planarconfig="separate")
    alpha = np.concatenate([rgb, np.full_like(rgb[..., :1], 128)], -1)
    written("rgba8.tif", alpha, one(luminance), photometric="rgb", extrasamples=["unassalpha"])
    written("channels16.tif", np.stack([grey16, grey16[::-1]]), list, planarconfig="separate")
    # What tifffile makes of three or four planes unless it is told: colours.
    four = np.stack([grey16, grey16[::-1], grey16[:, ::-1], grey16[::-1, ::-1]])
    written("four_planes16.tif", four, list, photometric=None)
    for name, data in [("rgb8.png", rgb), ("rgba8.png", alpha), ("grey_alpha8.png", alpha[..., 2:])]:
        Image.fromarray(data).save(HERE / name)
        expected[name] = describe([luminance(data) if data.shape[-1] > 2 else data[..., 0]])


def broken_files() -> None:
    grey8, grey16 = scene("uint8", 40), scene("uint16", 41)
    size = (HERE / "grey16_le.tif").stat().st_size
    cut("grey16_le.tif", "broken_cut_in_header.tif", 6)
    cut("grey16_le.tif", "broken_cut_in_directory.tif", 40)
    cut("grey16_le.tif", "broken_cut_in_pixels.tif", size // 2)
    cut("grey16_le.tif", "broken_cut_last_byte.tif", size - 1)
    cut("lzw16_be.tif", "broken_cut_lzw.tif", (HERE / "lzw16_be.tif").stat().st_size * 2 // 3)
    cut("bigtiff16_le.tif", "broken_cut_bigtiff.tif", 12)
    png_size = (HERE / "grey16.png").stat().st_size
    cut("grey16.png", "broken_cut.png", png_size // 2)
    cut("grey16.png", "broken_cut_end_mark.png", png_size - 12)
    cut("grey16.png", "broken_cut_in_header.png", 20)
    (HERE / "broken_empty.tif").write_bytes(b"")
    (HERE / "broken_text.tif").write_text("This is a note, not an image.\n")

    damaged = bytearray((HERE / "grey16.png").read_bytes())
    damaged[png_size // 2] ^= 0xFF
    (HERE / "broken_bit_flip.png").write_bytes(damaged)

    Image.fromarray(grey8).convert("P").save(HERE / "broken_palette.png")
    Image.fromarray(grey8 > 100).save(HERE / "broken_one_bit.png")

    for name, data, options in [
        ("broken_one_bit.tif", grey8 > 100, {}),
        ("broken_webp.tif", np.stack([grey8[:40, :40]] * 3, -1), {"compression": "webp", "photometric": "rgb"}),
        ("broken_complex.tif", grey8[:40, :40].astype("complex64"), {}),
    ]:
        tifffile.imwrite(HERE / name, data, metadata=None, **{"photometric": "minisblack", **options})

    # Two good pages, then one whose Deflate data are overwritten.
    stack = np.stack([scene("uint8", seed)[:50, :60] for seed in range(50, 54)])
    name = "broken_page3_deflate.tif"
    path = tiff(name, stack, compression="zlib")
    with tifffile.TiffFile(path) as file:
        at, count = file.pages[2].dataoffsets[0], file.pages[2].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[at + 2 : at + count] = b"\xff" * (count - 2)
    path.write_bytes(data)
    expected[name] = expected[name][:2]

    # Two good pages, then one whose pixels point beyond the end of the file.
    name = "broken_page3_offset.tif"
    path = tiff(name, stack)
    with tifffile.TiffFile(path) as file:
        tag = file.pages[2].tags["StripOffsets"]
    data = bytearray(path.read_bytes())
    data[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<I", len(data) - 100)
    path.write_bytes(data)
    expected[name] = expected[name][:2]

    # Two good pages, then a directory that is the first one again.
    name = "broken_page3_loop.tif"
    path = tiff(name, stack[:2])
    with tifffile.TiffFile(path) as file:
        first, second = file.pages[0], file.pages[1]
        next_at = second.offset + 2 + 12 * len(second.tags)
        data = bytearray(path.read_bytes())
        data[next_at : next_at + 4] = struct.pack("<I", first.offset)
    path.write_bytes(data)

    # Headers that claim far more than the file holds.
    def claim(source: str, name: str, width: int, height: int, strip_rows: int | None = None) -> None:
        with tifffile.TiffFile(HERE / source) as file:
            tags = file.pages[0].tags
            data = bytearray((HERE / source).read_bytes())
            for tag, value in [("ImageWidth", width), ("ImageLength", height), ("RowsPerStrip", strip_rows or height)]:
                entry = tags[tag].offset
                struct.pack_into("<HI", data, entry + 2, 4, 1)
                struct.pack_into("<I", data, entry + 8, value)
        (HERE / name).write_bytes(data)

    claim("grey16_le.tif", "broken_huge_width.tif", 2**31, HEIGHT)
    claim("grey16_le.tif", "broken_big_uncompressed.tif", 30000, 30000)
    claim("lzw16_le_one.tif", "broken_big_lzw.tif", 30000, 30000)

    def claim_png(name: str, width: int, height: int) -> None:
        data = bytearray((HERE / "grey16.png").read_bytes())
        struct.pack_into(">II", data, 16, width, height)
        struct.pack_into(">I", data, 29, zlib.crc32(bytes(data[12:29])))
        (HERE / name).write_bytes(data)

    claim_png("broken_huge_width.png", 2**31 - 1, HEIGHT)
    claim_png("broken_big.png", 30000, 30000)
    claim_png("broken_height_doubled.png", WIDTH, 2 * HEIGHT)


def main() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    good_tiffs()
    acquisition_tiffs()
    good_pngs()
    tifffile.imwrite(
        HERE / "lzw16_le_one.tif",
        scene("uint16", 2),
        compression="lzw",
        rowsperstrip=HEIGHT,
        metadata=None,
        photometric="minisblack",
    )
    other_pixels()
    broken_files()
    (HERE / "lzw16_le_one.tif").unlink()
    for file, described in [("expected.json", expected), ("expected-jpeg.json", jpegs)]:
        lines = [f'  "{name}": {json.dumps(pages)}' for name, pages in sorted(described.items())]
        (HERE / file).write_text("{\n" + ",\n".join(lines) + "\n}\n")
    total = sum(path.stat().st_size for path in HERE.iterdir())
    print(f"{len(list(HERE.iterdir()))} files, {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
