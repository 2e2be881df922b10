"""CellProfiler 4 module MeasureImageFocus: how far each image is out of focus, by Parfocal's network.

The names of the measurements are those of the module of the same name that came with Yang et al. 2018, so that pipelines and
spreadsheets that ask for them go on working.
"""

import os
import pathlib

import numpy

# It tells Microsoft what runs on which machine, unless this was said before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime
from cellprofiler_core.constants.measurement import COLTYPE_FLOAT, IMAGE
from cellprofiler_core.module import Module
from cellprofiler_core.setting import ValidationError
from cellprofiler_core.setting.subscriber import ImageSubscriber
from cellprofiler_core.setting.text import Text

__doc__ = """\
MeasureImageFocus
=================

**MeasureImageFocus** judges from a single image how far it is out of focus: 0 (in focus) to 10, and how certain that is.

Measurements made by this module
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

-  *ImageFocus_Score:* the level of defocus of the whole image as a whole number from 0 to 10 (its column ``level``).
-  *ImageFocus_Certainty:* 0 (no idea) to 1. An empty image has a low one, whatever its score.
-  *ImageFocus_Level:* the same as a real number (its column ``expected_level``).

Of a masked or cropped image the patches of 84 x 84 pixels count that lie within the mask; without any, nothing is measured (nan).
"""

CATEGORY = "ImageFocus"
FEATURES = ("Score", "Certainty", "Level")
PATCH_PX = 84
LARGEST_COUNT = 65535
#: So many pixels on either side may be left out of a range, where so many steps or fewer would be left for all others.
FEW, FEWEST_STEPS = 8, 256
#: Weighted quantile of the levels of the patches that is the level of an image.
FRAME_QUANTILE = 0.25
#: What images at each level mostly read, the card of the network says.
READINGS = (0.33, 0.53, 1.9, 3.01, 4, 4.99, 5.95, 7.04, 8.16, 9.14, 9.56)
#: So many patches speak for what an image shows, and log odds count up to this. As src/focus/content.ts.
SPEAKING_PATCHES, MOST_LOG_ODDS = 6, 10
#: Of an image with less, the card of the network says, certainty says less, too.
LEAST_STRUCTURE = 0.25

_HERE = pathlib.Path(__file__).resolve().parent
#: Beside this file, or in a checkout of Parfocal.
_MODELS = (_HERE / "model.onnx", _HERE.parent.parent / "models" / "default" / "model.onnx")


class MeasureImageFocus(Module):
    module_name = "MeasureImageFocus"
    category = "Measurement"
    variable_revision_number = 1

    def create_settings(self):
        self.image_name = ImageSubscriber(
            "Select the image to measure", doc="A grayscale image, at least 84 x 84 pixels."
        )
        self.model_file = Text(
            "Model file",
            "",
            doc="A model.onnx of Parfocal. Leave it empty for the one that lies beside this module.",
        )

    def settings(self):
        return [self.image_name, self.model_file]

    def validate_module(self, pipeline):
        try:
            model_path(self.model_file.value)
        except FileNotFoundError as error:
            raise ValidationError(str(error), self.model_file) from error

    def run(self, workspace):
        name = self.image_name.value
        image = workspace.image_set.get_image(name, must_be_grayscale=True)
        counts = counts_of(image, name)
        values = measure(session_of(model_path(self.model_file.value)), counts, image.mask if image.has_mask else None)
        for feature, value in zip(FEATURES, values):
            workspace.measurements.add_image_measurement(self.measurement_name(feature), value)
        workspace.display_data.rows = [list(values)]

    def display(self, workspace, figure):
        figure.set_subplots((1, 1))
        figure.subplot_table(0, 0, workspace.display_data.rows, col_labels=FEATURES)

    def measurement_name(self, feature):
        return "_".join((CATEGORY, feature, self.image_name.value))

    def get_measurement_columns(self, pipeline):
        return [(IMAGE, self.measurement_name(feature), COLTYPE_FLOAT) for feature in FEATURES]

    def get_categories(self, pipeline, object_name):
        return [CATEGORY] if object_name == IMAGE else []

    def get_measurements(self, pipeline, object_name, category):
        return list(FEATURES) if category in self.get_categories(pipeline, object_name) else []

    def get_measurement_images(self, pipeline, object_name, category, measurement):
        known = self.get_measurements(pipeline, object_name, category)
        return [self.image_name.value] if measurement in known else []

    def volumetric(self):
        return False


def model_path(setting):
    """The model file that is meant. Raises FileNotFoundError, saying where it was looked for."""
    candidates = (pathlib.Path(setting).expanduser(),) if setting.strip() else _MODELS
    for path in candidates:
        if path.is_file():
            return str(path)
    raise FileNotFoundError("There is no model file %s" % " or ".join(str(path) for path in candidates))


_sessions = {}


def session_of(path):
    """The network, loaded once for all images."""
    key = (path, os.stat(path).st_mtime_ns)
    if key not in _sessions:
        _sessions.clear()
        # CellProfiler runs a process per core.
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        _sessions[key] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return _sessions[key]


def counts_of(image, name):
    """Camera counts, uint16 [height, width], of an image that CellProfiler scaled to 0..1. Raises ValueError if too small."""
    pixels = numpy.asarray(image.pixel_data, dtype=numpy.float64)
    if pixels.ndim != 2 or min(pixels.shape) < PATCH_PX:
        size = " x ".join(str(side) for side in pixels.shape[::-1])
        raise ValueError(
            "MeasureImageFocus needs a grayscale image of at least %d x %d pixels; %s is %s"
            % (PATCH_PX, PATCH_PX, name, size)
        )
    numbers = pixels[numpy.isfinite(pixels)]
    low, high = (numbers.min(), numbers.max()) if numbers.size else (0, 0)
    if low < 0 or high > 1:
        # Worked out by other modules. The network does not mind offset and gain.
        low, high = without_few(numbers, low, high)
        pixels = (numpy.clip(pixels, low, high) - low) / ((high - low) or 1)
        low, high = 0, 1
    pixels = numpy.clip(numpy.where(numpy.isnan(pixels), low, pixels), low, high)
    # What the file's counts were divided by; images that are floating point in the file were not.
    scale = image.scale if image.scale and image.scale > 1 else LARGEST_COUNT
    return numpy.clip(numpy.rint(pixels * scale), 0, LARGEST_COUNT).astype(numpy.uint16)


def without_few(numbers, low, high):
    """The range of numbers without the few that lie so far outside that all others would be left without steps. As
    src/frames/counts.ts."""
    if numbers.size <= FEW:
        return low, high
    lowest = numpy.sort(numpy.partition(numbers, FEW)[: FEW + 1])
    highest = numpy.sort(numpy.partition(numbers, numbers.size - FEW - 1)[-FEW - 1 :])
    span = highest[0] - lowest[-1]
    if span <= 0 or span * LARGEST_COUNT >= (high - low) * FEWEST_STEPS:
        return low, high
    return lowest[lowest >= lowest[-1] - span][0], highest[highest <= highest[0] + span][-1]


def measure(session, counts, mask=None):
    """Score, certainty and level of an image, from the probabilities of its patches, those alone that lie within a [height, width]
    mask; nan where none does."""
    names = [output.name for output in session.get_outputs()]
    answer = dict(zip(names, session.run(names, {"frame": counts})))
    certainty, distribution = answer["certainty"], answer["distribution"]
    whole = float(answer["frame_certainties"][0])
    rows, columns = certainty.shape
    probabilities, certainty = answer["probabilities"].reshape(-1, distribution.size), certainty.ravel()
    # A network that was trained earlier does not tell.
    structures = answer.get("structure", numpy.full_like(certainty, MOST_LOG_ODDS)).ravel()
    if mask is not None and not mask.all():
        inside = patches_within(mask, rows, columns)
        if not inside.any():
            return (float("nan"),) * len(FEATURES)
        probabilities, certainty, structures = probabilities[inside], certainty[inside], structures[inside]
        distribution = numpy.average(probabilities, axis=0, weights=certainty if certainty.sum() > 0 else None)
        whole = certainty_of(distribution)
    read = frame_level(median_levels(probabilities), certainty)
    score = numpy.floor(numpy.interp(read, READINGS, range(len(READINGS))) + 0.5)
    whole *= certainty_share(certainty, structures)
    return float(score), whole, frame_level(probabilities @ numpy.arange(distribution.size), certainty)


def patches_within(mask, rows, columns):
    """Which patches lie within a mask. The last one of a row or column is moved inward, as src/focus/tiling.ts has it."""
    height, width = mask.shape
    tops = [min(row * PATCH_PX, height - PATCH_PX) for row in range(rows)]
    lefts = [min(column * PATCH_PX, width - PATCH_PX) for column in range(columns)]
    inside = [mask[top : top + PATCH_PX, left : left + PATCH_PX].all() for top in tops for left in lefts]
    return numpy.array(inside, dtype=bool)


def certainty_of(distribution):
    """1 - H(p) / ln N, 0 to 1: as src/focus/certainty.ts."""
    known = distribution[distribution > 0].astype(numpy.float64)
    return float(numpy.clip(1 + (known * numpy.log(known)).sum() / numpy.log(distribution.size), 0, 1))


def certainty_share(certainties, structures):
    """Share of its certainty that an image keeps: where little speaks for structure, the probability that there is any. From the
    log odds of its most certain patches, each weighted by its certainty. As src/focus/content.ts."""
    first = numpy.argsort(-certainties, kind="stable")[:SPEAKING_PATCHES]
    weights = certainties[first].astype(numpy.float64)
    if weights.sum() <= 0:
        return 1 / (1 + numpy.exp(MOST_LOG_ODDS))
    structure = numpy.average(numpy.clip(structures[first], -MOST_LOG_ODDS, MOST_LOG_ODDS), weights=weights)
    return 1.0 if structure >= LEAST_STRUCTURE else float(1 / (1 + numpy.exp(-structure)))


def median_levels(probabilities):
    """The level that half of each distribution lies below, of [patches, levels], each level's share being spread over half a level
    either side. As src/focus/certainty.ts."""
    shares = probabilities.astype(numpy.float64)
    upto = shares.cumsum(axis=1)
    half = upto[:, -1:] / 2
    middle = (upto >= half).argmax(axis=1)[:, numpy.newaxis]
    share, end = (numpy.take_along_axis(values, middle, axis=1) for values in (shares, upto))
    return (middle - 0.5 + (half - (end - share)) / share)[:, 0]


def frame_level(levels, certainties):
    """Level of an image, from the [patches] levels and certainties: a quantile, weighted by squared certainty, that lies
    between the middles of the patches' weights. As src/focus/frame-level.ts."""
    weights = certainties.astype(numpy.float64) ** 2
    order = numpy.lexsort((weights, levels))
    levels, weights = levels[order], weights[order]
    middles = numpy.cumsum(weights) - weights / 2
    return float(numpy.interp(FRAME_QUANTILE * weights.sum(), middles, levels))
