import type * as tfjs from "@tensorflow/tfjs";
import type { FocusModel } from "../../src/focus/model.js";
import type { Architecture } from "../../src/networks/architecture.js";
import { networkNamed } from "../../src/networks/registry.js";
import type { TensorFlow } from "../../src/networks/tensorflow.js";
import { TensorflowNetwork } from "../../src/networks/tensorflow-network.js";
import { BatchStream } from "../../src/training/batch-stream.js";
import {
  type HeldOutScore,
  heldOutBatches,
  heldOutScore,
  patchTensor,
  targetTensor,
} from "../../src/training/held-out.js";
import type { ImageSet } from "../../src/training/image-set.js";
import { initialWeights } from "../../src/training/initial-weights.js";
import { DEFAULT_RECIPE } from "../../src/training/recipe.js";
import { learningRate } from "../../src/training/schedule.js";
import { Student } from "../../src/training/student.js";

/** Share of the teacher's answer in what its students should say; the rest is the true level. */
const TEACHER_SHARE = 0.5;
/** Batches of held-out patches that all are judged by at the end. */
const EXAM_BATCHES = 40;
/** Batches made ahead. */
const AHEAD = 8;

export interface SchoolOptions {
  readonly tf: TensorFlow;
  readonly images: ImageSet;
  readonly teacher: FocusModel;
  readonly steps: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly threads: number;
  readonly onStep: (step: number) => void;
}

/** How well a network judges held-out patches after it learned from true levels alone, and from a teacher, too. */
export interface Learned {
  readonly alone: HeldOutScore;
  readonly taught: HeldOutScore;
}

/** Trains all networks side by side: each meets the same patches in the same order, and the same exam at the end. */
export async function train(
  architectures: readonly Architecture[],
  options: SchoolOptions,
): Promise<{ learned: Learned[]; teacher: HeldOutScore }> {
  const { tf, images, seed, threads, steps } = options;
  const exam = await heldOutBatches(images, DEFAULT_RECIPE, seed, threads, EXAM_BATCHES);
  const { card } = options.teacher;
  const teacher = new TensorflowNetwork(tf, networkNamed(card.network), await options.teacher.weights());
  const classes = architectures.map((architecture) => {
    const student = () => new Student(tf, architecture, initialWeights(architecture, seed));
    return { alone: student(), taught: student() };
  });
  const stream = new BatchStream({
    ...{ images: images.training, recipe: DEFAULT_RECIPE, seed, threads, ahead: AHEAD, first: 0 },
  });
  stream.start();
  try {
    for (let step = 1; step <= steps; step++) {
      const batch = await stream.next();
      tf.tidy(() => {
        const patches = patchTensor(tf, batch);
        const truth = targetTensor(tf, batch);
        const answer = tf.softmax(teacher.logits(patches));
        const blend = truth.mul(1 - TEACHER_SHARE).add(answer.mul(TEACHER_SHARE)) as tfjs.Tensor2D;
        const rate = learningRate(options, step - 1, (step - 1) / steps);
        const lesson = { patches, step, learningRate: rate, dropoutSeed: seed + step };
        for (const { alone, taught } of classes) {
          alone.learn({ ...lesson, targets: truth });
          taught.learn({ ...lesson, targets: blend });
        }
      });
      options.onStep(step);
    }
    const scoreOf = ({ network }: Student) => heldOutScore(tf, network, exam);
    return {
      learned: classes.map(({ alone, taught }) => ({ alone: scoreOf(alone), taught: scoreOf(taught) })),
      teacher: heldOutScore(tf, teacher, exam),
    };
  } finally {
    await stream.stop();
    teacher.dispose();
    for (const { alone, taught } of classes) {
      alone.dispose();
      taught.dispose();
    }
  }
}
