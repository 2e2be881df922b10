#!/usr/bin/env python3
"""Computes with NumPy, SciPy and ONNX Runtime the numbers that the tests hold Parfocal to.

Nothing here shares code with src/: the formulas are written again from the paper (Yang et al. 2018) and from
google/microscopeimagequality, the rest is SciPy's. Writes JSON under test/fixtures/{optics,focus,evaluation,training}.

Needs, in a virtual environment outside the checkout:
    pip install numpy==2.4.6 scipy==1.17.1 safetensors==0.8.0 onnxruntime==1.32.0 Pillow==13.0.0 psfmodels==0.3.3
Usage:
    python scripts/make-golden-numbers.py          everything but the model's answers
    python scripts/make-golden-numbers.py --model  what models/default says of two frames: after every new model
"""

import argparse
import base64
import hashlib
import json
from pathlib import Path

import numpy as np
from scipy import fft, integrate, ndimage, optimize, signal, special, stats

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures"

REFERENCE = {"numericalAperture": 0.5, "wavelengthNm": 500, "refractiveIndex": 1, "pixelUm": 0.65}
OTHER_OPTICS = [
    REFERENCE,
    {"numericalAperture": 0.75, "wavelengthNm": 600, "refractiveIndex": 1, "pixelUm": 0.325},
    {"numericalAperture": 0.3, "wavelengthNm": 461, "refractiveIndex": 1, "pixelUm": 0.65},
    {"numericalAperture": 1.2, "wavelengthNm": 520, "refractiveIndex": 1.333, "pixelUm": 0.108},
]
LEVEL_UM = 2
KERNEL_PX = 51


def point_spread(r_um: float, z_um: float, optics: dict) -> float:
    """|integral_0^1 J0(k NA/n r rho) exp(-i/2 k rho^2 z (NA/n)^2) rho drho|^2, metres as in the original."""
    k = 2 * np.pi / (optics["wavelengthNm"] * 1e-9)
    sine = optics["numericalAperture"] / optics["refractiveIndex"]
    r, z = r_um * 1e-6, z_um * 1e-6

    def integrand(rho: float) -> complex:
        return special.j0(k * sine * r * rho) * np.exp(-0.5j * k * rho**2 * z * sine**2) * rho

    options = {"epsabs": 1e-13, "epsrel": 1e-12, "limit": 500}
    real = integrate.quad(lambda rho: integrand(rho).real, 0, 1, **options)[0]
    imaginary = integrate.quad(lambda rho: integrand(rho).imag, 0, 1, **options)[0]
    return real**2 + imaginary**2


def kernel(z_um: float, side_px: int, optics: dict = REFERENCE, normalised: bool = True) -> np.ndarray:
    half = side_px // 2
    values: dict[int, float] = {}
    samples = np.empty((side_px, side_px))
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            squared = x * x + y * y
            if squared not in values:
                values[squared] = point_spread(np.sqrt(squared) * optics["pixelUm"], z_um, optics)
            samples[y + half, x + half] = values[squared]
    return samples / samples.sum() if normalised else samples


def diameter_of_90_percent(samples: np.ndarray) -> float:
    """Of the circle around the centre, through a pixel's centre, that holds 90 % of the energy; px."""
    half = samples.shape[0] // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    squared = (x * x + y * y).ravel()
    for radius in np.unique(squared):
        if samples.ravel()[squared <= radius].sum() >= 0.9 * samples.sum():
            return float(2 * np.sqrt(radius))
    raise AssertionError("unreachable")


def make_point_spread() -> None:
    samples = []
    for optics in OTHER_OPTICS:
        for z_um in (0, 0.5, 1, -1, 2, 7.3, 14, 20):
            for r_um in (0, 0.2, 0.65, 1, 3.1, 9.75, 16.25, 22.9):
                samples.append({"optics": optics, "rUm": r_um, "zUm": z_um, "value": point_spread(r_um, z_um, optics)})
    kernels = []
    for level in (0, 1, 3, 5, 10):
        normal = kernel(level * LEVEL_UM, KERNEL_PX)
        kernels.append(
            {
                "level": level,
                "row": normal[KERNEL_PX // 2].tolist(),
                "diagonal": normal.diagonal().tolist(),
                "sumOfSquares": float((normal**2).sum()),
                "d90Px": diameter_of_90_percent(normal),
            }
        )
    # A 3 x 3 kernel 3 um wide: pixel centres 1 um apart. Not normalised, as in the original's test.
    three = kernel(0, 3, {**REFERENCE, "pixelUm": 1}, normalised=False)
    write("optics/point-spread.json", {"samples": samples, "kernels": kernels, "threeByThree": three.ravel().tolist()})


def high_na_point_spread(r_um: float, z_um: float, optics: dict, spherical_waves: float) -> float:
    """Scalar Debye integral over the angle of the aplanatic pupil; Zernike's balanced spherical aberration, waves."""
    k = 2 * np.pi / (optics["wavelengthNm"] / 1000)
    n = optics["refractiveIndex"]
    widest = np.arcsin(optics["numericalAperture"] / n)

    def integrand(angle: float) -> complex:
        rho = np.sin(angle) / np.sin(widest)
        aberration = 2 * np.pi * spherical_waves * (6 * rho**4 - 6 * rho**2 + 1)
        phase = k * n * z_um * (np.cos(angle) - 1) + aberration
        weight = np.sqrt(np.cos(angle)) * np.sin(angle) / np.sin(widest) ** 2
        return special.j0(k * n * r_um * np.sin(angle)) * np.exp(1j * phase) * weight

    options = {"epsabs": 1e-13, "epsrel": 1e-12, "limit": 500}
    real = integrate.quad(lambda angle: integrand(angle).real, 0, widest, **options)[0]
    imaginary = integrate.quad(lambda angle: integrand(angle).imag, 0, widest, **options)[0]
    return real**2 + imaginary**2


OBJECTIVES = [
    {"numericalAperture": 0.3, "wavelengthNm": 500, "refractiveIndex": 1, "pixelUm": 0.65},
    {"numericalAperture": 0.75, "wavelengthNm": 600, "refractiveIndex": 1, "pixelUm": 0.325},
    {"numericalAperture": 0.95, "wavelengthNm": 520, "refractiveIndex": 1, "pixelUm": 0.16},
    {"numericalAperture": 1.4, "wavelengthNm": 520, "refractiveIndex": 1.515, "pixelUm": 0.1},
]


def make_high_na() -> None:
    samples = []
    for optics in OBJECTIVES:
        depth_um = optics["refractiveIndex"] / optics["numericalAperture"] ** 2
        for z_um in (0, 0.5 * depth_um, -2 * depth_um, 5 * depth_um):
            for r_um in (0, optics["pixelUm"], 4.3 * optics["pixelUm"], 15 * optics["pixelUm"]):
                for waves in (0, 0.12):
                    value = high_na_point_spread(r_um, z_um, optics, waves)
                    sample = {"optics": optics, "rUm": r_um, "zUm": z_um, "sphericalWaves": waves, "value": value}
                    samples.append(sample)
    write("optics/high-na.json", {"samples": samples, "vectorial": vectorial_rows()})


def vectorial_rows() -> list[dict]:
    """Rows through the middle of psfmodels' vectorial point spread function (Aguet), relative to their sum."""
    import psfmodels

    rows = []
    for optics in OBJECTIVES:
        n, aperture = optics["refractiveIndex"], optics["numericalAperture"]
        step_um = 0.02 / aperture
        for z_um in (0, 2 * n / aperture**2):
            parameters = {"NA": aperture, "ni": n, "ni0": n, "ns": n, "ng": n, "ng0": n, "tg": 0, "tg0": 0, "ti0": 150}
            square = psfmodels.vectorial_psf(
                np.array([z_um]), nx=201, dxy=step_um, pz=0, wvl=optics["wavelengthNm"] / 1000, params=parameters
            )[0]
            row = square[100, 100::4]
            rows.append({"optics": optics, "zUm": z_um, "stepUm": 4 * step_um, "row": (row / row.sum()).tolist()})
    return rows


def make_equal_blurs() -> None:
    """Defocus whose transfer function is nearest to that of a level at the reference optics, by the whole pupil."""
    angles = 400

    def transfer(z_um: float, optics: dict) -> np.ndarray:
        k, n = 2 * np.pi / (optics["wavelengthNm"] / 1000), optics["refractiveIndex"]
        angle = np.linspace(0, np.arcsin(optics["numericalAperture"] / n), angles)
        pupil = np.sqrt(np.cos(angle)) * np.sin(angle) * np.exp(1j * k * n * z_um * (np.cos(angle) - 1))
        offsets = np.arange(-40, 41) * optics["pixelUm"]
        radii, where = np.unique(np.round(np.hypot(offsets[:, None], offsets), 9), return_inverse=True)
        field = integrate.trapezoid(special.j0(k * n * radii[:, None] * np.sin(angle)) * pupil, angle, axis=1)
        line = (np.abs(field) ** 2)[where].reshape(81, 81).sum(axis=0)
        return np.abs(np.fft.rfft(line / line.sum(), 256))[1:]

    blurs = []
    weight = 1 / (np.arange(1, 129) / 2 + 4)
    for aperture, n in ((0.1, 1), (0.3, 1), (0.75, 1), (0.95, 1), (1.2, 1.333), (1.4, 1.515)):
        pixel_um = REFERENCE["numericalAperture"] * REFERENCE["pixelUm"] / aperture
        optics = {"numericalAperture": aperture, "refractiveIndex": n, "pixelUm": pixel_um, "wavelengthNm": 500}
        for level in (2, 3, 5, 8):
            wanted = transfer(2 * level, REFERENCE)
            paraxial_um = 2 * level * n * (0.5 / aperture) ** 2

            def misfit(share: float) -> float:
                return float((weight * (transfer(share * paraxial_um, optics) - wanted) ** 2).sum())

            share = optimize.minimize_scalar(misfit, bounds=(0.45, 1.25), method="bounded").x
            blurs.append({"optics": optics, "level": level, "zUm": share * paraxial_um})
    write("optics/equal-blurs.json", blurs)


def make_processing() -> None:
    """What image programs do to a patch: SciPy's median, Gaussian and cosine transform."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:84, 0:84]
    patch = 200 + 900 * np.exp(-((x - 40) ** 2 + (y - 30) ** 2) / 200) + rng.normal(0, 40, (84, 84))
    patch = np.round(patch).astype(np.float32)
    step = 60.0
    v, u = np.mgrid[0:8, 0:8]
    quantum = step * (1 + 4 * (u + v) / 14)
    jpeg = patch.astype(float).copy()
    for top in range(0, 80, 8):
        for left in range(0, 80, 8):
            block = fft.dctn(jpeg[top : top + 8, left : left + 8], norm="ortho")
            jpeg[top : top + 8, left : left + 8] = fft.idctn(quantum * np.round(block / quantum), norm="ortho")
    write(
        "training/processing.json",
        {
            "patch": float32(patch),
            "median": float32(ndimage.median_filter(patch, 3)),
            "sigmaPx": 1.7,
            "smoothed": float32(ndimage.gaussian_filter(patch.astype(float), 1.7, mode="reflect", radius=6)),
            "step": step,
            "jpeg": float32(jpeg),
        },
    )


def make_convolution() -> None:
    rng = np.random.default_rng(20180315)
    height, width = 60, 70
    y, x = np.mgrid[0:height, 0:width]
    image = 100 + rng.normal(0, 5, (height, width))
    for _ in range(15):
        cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(1, 6)
        image += rng.uniform(300, 3000) * (((y - cy) ** 2 + (x - cx) ** 2) < radius**2)
    image = np.round(np.clip(image, 0, 65535))
    blurred = {
        level: signal.convolve2d(image, kernel(level * LEVEL_UM, KERNEL_PX), mode="same", boundary="symm")
        for level in (2, 7)
    }
    write(
        "optics/convolution.json",
        {
            "height": height,
            "width": width,
            "image": float32(image),
            "blurred": [{"level": level, "image": float32(values)} for level, values in blurred.items()],
        },
    )


def certainty(distribution: np.ndarray) -> float:
    """1 - H(p) / ln N (`certainty_from_probabilities`)."""
    return float(np.clip(1 - stats.entropy(distribution) / np.log(len(distribution)), 0, 1))


def aggregate(patches: np.ndarray) -> dict:
    certainties = np.array([certainty(patch) for patch in patches])
    weights = certainties if certainties.sum() > 0 else np.ones(len(patches))
    mean = np.average(patches, axis=0, weights=weights)
    return {
        "patches": patches.tolist(),
        "certainties": certainties.tolist(),
        "distribution": mean.tolist(),
        "level": int(np.argmax(mean)),
        "expectedLevel": float(mean @ np.arange(len(mean))),
        "aggregateCertainty": certainty(mean),
        "meanCertainty": float(certainties.mean()),
        "maxCertainty": float(certainties.max()),
    }


def make_aggregation() -> None:
    rng = np.random.default_rng(77)
    frames = [
        np.array([[1 / 3, 1 / 3, 1 / 3], [0, 0.2, 0.8]]),
        rng.dirichlet(np.full(11, 0.3), 12),
        rng.dirichlet(np.full(11, 5.0), 6),
        np.eye(11)[[0, 4, 4, 10]],
        np.full((3, 11), 1 / 11),
        np.vstack([np.full(11, 1 / 11), np.eye(11)[7], rng.dirichlet(np.full(11, 1.0))]),
    ]
    write("focus/aggregation.json", [aggregate(frame) for frame in frames])


def make_weights() -> None:
    """A file as the safetensors library itself writes it."""
    from safetensors.numpy import save_file

    tensors = {
        "conv/weights": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4),
        "conv/biases": np.array([1e-30, -0.0, 3.5], dtype=np.float32),
        "scalar": np.array(42.25, dtype=np.float32),
    }
    save_file(tensors, FIXTURES / "focus" / "python.safetensors", metadata={"made": "by Python"})


def make_statistics() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (16, 11)).astype(np.float32)
    levels = rng.integers(0, 11, 16)
    predicted = np.cumsum(special.softmax(logits.astype(np.float64), axis=1), axis=1)
    actual = (np.arange(11) >= levels[:, None]).astype(float)
    scores = ((predicted - actual) ** 2).sum(axis=1)

    correlations = []
    for count in (5, 13, 40):
        a = rng.normal(size=count)
        for b in (a + rng.normal(0, 0.5, count), np.round(2 * a), rng.integers(0, 3, count).astype(float)):
            correlations.append({"a": a.tolist(), "b": b.tolist(), "spearman": float(stats.spearmanr(a, b).statistic)})
    tied = [1.0, 1, 2, 2, 2, 3, 3]
    other = [2.0, 1, 1, 3, 2, 3, 3]
    correlations.append({"a": tied, "b": other, "spearman": float(stats.spearmanr(tied, other).statistic)})

    curves = []
    for positives, negatives in (
        (rng.normal(1, 1, 20), rng.normal(0, 1, 31)),
        (rng.integers(0, 5, 25), rng.integers(0, 4, 9)),
        (np.array([3, 3, 3]), np.array([3, 3])),
        (np.array([2, 3]), np.array([0, 1])),
    ):
        statistic = stats.mannwhitneyu(positives, negatives, method="asymptotic").statistic
        area = float(statistic / (len(positives) * len(negatives)))
        curves.append({"positives": positives.tolist(), "negatives": negatives.tolist(), "area": area})

    actual_yes = rng.random(50) < 0.4
    judged_yes = np.where(rng.random(50) < 0.8, actual_yes, ~actual_yes)
    hits = (actual_yes & judged_yes).sum()
    precision, recall = hits / judged_yes.sum(), hits / actual_yes.sum()
    write(
        "evaluation/statistics.json",
        {
            "rankedProbability": {
                "logits": logits.tolist(),
                "levels": levels.tolist(),
                "scores": scores.tolist(),
                "mean": float(scores.mean()),
            },
            "correlations": correlations,
            "curves": curves,
            "fScore": {
                "actual": actual_yes.tolist(),
                "judged": judged_yes.tolist(),
                "value": float(stats.hmean([precision, recall])),
            },
        },
    )


def make_model_answers() -> None:
    """The shipped graph on two published frames, in Python's ONNX Runtime."""
    import onnxruntime
    from PIL import Image

    model = (ROOT / "models" / "default" / "model.onnx").read_bytes()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    frames = []
    for name in ("evaluation/dsb_520x696_4ee5850b63.png", "evaluation/stack_biop_R03C05F03_c1_z000.png"):
        pixels = np.asarray(Image.open(ROOT / "data" / name)).astype(np.uint16)
        assert pixels.ndim == 2, name
        outputs = session.run(["distribution", "frame_certainties", "certainty"], {"frame": pixels})
        distribution, frame_certainties, certainties = outputs
        frames.append(
            {
                "file": name,
                "distribution": distribution.tolist(),
                "frameCertainties": frame_certainties.tolist(),
                "certainties": certainties.ravel().tolist(),
            }
        )
    write("focus/model-answers.json", {"sha256": hashlib.sha256(model).hexdigest(), "frames": frames})


def float32(values: np.ndarray) -> str:
    """Little-endian float32 in row order, base64."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def write(name: str, content: object) -> None:
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="store_true", help="only what models/default says of two frames")
    if parser.parse_args().model:
        make_model_answers()
    else:
        make_point_spread()
        make_high_na()
        make_equal_blurs()
        make_processing()
        make_convolution()
        make_aggregation()
        make_weights()
        make_statistics()
