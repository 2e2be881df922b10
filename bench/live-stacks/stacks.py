"""Writes a stack as programs do while they acquire, an image a line that it reads: KIND FOLDER SIDE_PX."""

import sys

import numpy as np

kind, folder, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
noise = np.random.default_rng(1).integers(0, 97, (side, side), dtype="uint16")


def image(n: int) -> np.ndarray:
    return noise + np.uint16(1000 + 50 * n)


if kind == "ndstorage":
    from ndstorage import NDTiffDataset

    dataset = NDTiffDataset(folder, name="run", summary_metadata={}, writable=True)

    def put(n: int) -> None:
        axes = {"time": n, "channel": "DAPI"}
        dataset.put_image(axes, image(n), {"Axes": axes})

elif kind == "zarr":
    import ome_writers as ow

    stream = ow.create_stream(
        ow.AcquisitionSettings(
            root_path=folder + "/run.ome.zarr",
            dimensions=[
                ow.Dimension(name="t", count=None, type="time", chunk_size=1),
                ow.Dimension(name="y", count=side, type="space", chunk_size=512),
                ow.Dimension(name="x", count=side, type="space", chunk_size=512),
            ],
            dtype="uint16",
            format=ow.OmeZarrFormat(backend="tensorstore"),
        )
    )

    def put(n: int) -> None:
        stream.append(image(n))

elif kind == "tifffile":
    import tifffile

    def put(n: int) -> None:
        tifffile.imwrite(folder + "/a.tif", image(n), append=True, metadata=None)

else:
    import tifffile

    planes = tifffile.memmap(
        folder + "/a.tif", shape=(64, side, side), dtype="uint16", metadata={"axes": "TYX"}
    )

    def put(n: int) -> None:
        planes[n - 1] = image(n)
        planes.flush()


for n, _ in enumerate(sys.stdin, start=1):
    put(n)
    print(n, flush=True)
