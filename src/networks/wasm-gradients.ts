import type * as tfjs from "@tensorflow/tfjs";
import type { TensorFlow } from "./tensorflow.js";

interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  readonly pad: "same" | "valid" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape: [number, number, number, number];
  readonly inputShape: [number, number, number, number];
}

/**
 * Registers for the WebAssembly backend the gradient kernels that a convolutional network needs and that it lacks or
 * does slowly. Each is itself a convolution:
 * - by the filter: of the input as [Cin, H, W, N] with the output gradient as [oh, ow, N, Cout], dilated by the stride;
 * - by the input, at stride 1: of the output gradient with the filter turned by 180 degrees and transposed.
 */
export function registerConvolutionGradients(tf: TensorFlow): void {
  if (registered) return;
  registered = true;
  const backendName = "wasm";

  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as ConvolutionAttributes;
      const x = inputs.x as tfjs.Tensor4D;
      const dy = inputs.dy as tfjs.Tensor4D;
      const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
      const { top, bottom, left, right } = info.padInfo;
      const gradient = tf.tidy(() => {
        const padded = tf.pad(x, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ]);
        const images = tf.transpose(padded, [3, 1, 2, 0]) as tfjs.Tensor4D;
        const kernels = tf.transpose(dy, [1, 2, 0, 3]) as tfjs.Tensor4D;
        const convolved = tf.conv2d(images, kernels, 1, "valid", "NHWC", [
          info.strideHeight,
          info.strideWidth,
        ]);
        // A stride that does not divide the padded side leaves lines that no output saw.
        const cut = tf.slice(
          convolved,
          [0, 0, 0, 0],
          [filterShape[2], filterShape[0], filterShape[1], filterShape[3]],
        );
        return tf.transpose(cut, [1, 2, 0, 3]);
      });
      return gradient as unknown as tfjs.TensorInfo;
    },
  });

  const original = tf.getKernel("Conv2DBackpropInput", backendName);
  tf.unregisterKernel("Conv2DBackpropInput", backendName);
  tf.registerKernel({
    ...original,
    kernelFunc: (parameters) => {
      const { inputs, attrs } = parameters;
      const { strides, pad, dimRoundingMode, inputShape } = attrs as unknown as ConvolutionAttributes;
      const dy = inputs.dy as tfjs.Tensor4D;
      const filter = inputs.filter as tfjs.Tensor4D;
      const info = tf.backend_util.computeConv2DInfo(
        inputShape,
        filter.shape,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      if (info.strideHeight !== 1 || info.strideWidth !== 1) return original.kernelFunc(parameters);
      const { top, bottom, left, right } = info.padInfo;
      const [height, width] = [info.filterHeight - 1, info.filterWidth - 1];
      const gradient = tf.tidy(() => {
        const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tfjs.Tensor4D;
        const padded = tf.pad(dy, [
          [0, 0],
          [height - top, height - bottom],
          [width - left, width - right],
          [0, 0],
        ]);
        return tf.conv2d(padded as tfjs.Tensor4D, turned, 1, "valid");
      });
      return gradient as unknown as tfjs.TensorInfo;
    },
  });
}

let registered = false;
