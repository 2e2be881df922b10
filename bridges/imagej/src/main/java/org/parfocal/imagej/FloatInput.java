package org.parfocal.imagej;

import java.io.IOException;

/**
 * A network whose input is declared as float instead of uint16, which ONNX Runtime for Java cannot hand over. It cuts patches
 * and casts them to float, so counts come out the same.
 */
final class FloatInput {
  /** Field numbers on the way from ModelProto to the element type: graph, input, type, tensor_type. */
  private static final int[] PATH = {7, 11, 2, 1};
  private static final int ELEM_TYPE = 1;
  private static final byte FLOAT = 1;
  private static final byte UINT16 = 4;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final byte[] bytes;
  private int at;

  private FloatInput(byte[] bytes) {
    this.bytes = bytes;
  }

  /** @throws IOException if the bytes are no network with a uint16 input. */
  static byte[] of(byte[] onnx) throws IOException {
    FloatInput reader = new FloatInput(onnx.clone());
    int end = onnx.length;
    try {
      for (int field : PATH) end = reader.enter(field, end);
      reader.seek(ELEM_TYPE, VARINT, end);
      if (reader.bytes[reader.at] != UINT16) throw new IOException("the network does not take 16-bit counts");
    } catch (IndexOutOfBoundsException cause) {
      throw new IOException("the network's file is cut short", cause);
    }
    reader.bytes[reader.at] = FLOAT;
    return reader.bytes;
  }

  /** Goes to the first message with this number before {@code end}. @return where it ends */
  private int enter(int field, int end) throws IOException {
    seek(field, BYTES, end);
    int length = (int) varint();
    return at + length;
  }

  /** Goes behind the key of the first field with this number. */
  private void seek(int field, int kind, int end) throws IOException {
    while (at < end) {
      long key = varint();
      if (key >>> 3 == field && (key & 7) == kind) return;
      skip((int) (key & 7));
    }
    throw new IOException("this is no network in ONNX format");
  }

  private void skip(int kind) throws IOException {
    switch (kind) {
      case VARINT:
        varint();
        break;
      case FIXED64:
        at += Long.BYTES;
        break;
      case BYTES:
        int length = (int) varint();
        at += length;
        break;
      case FIXED32:
        at += Integer.BYTES;
        break;
      default:
        throw new IOException("this is no network in ONNX format");
    }
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes[at++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) return value;
    }
  }
}
