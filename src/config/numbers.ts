import { z } from "zod";

export const Level = z.number().min(0).max(10);
export const Fraction = z.number().min(0).max(1);
export const PositiveUm = z.number().positive();
export const Milliseconds = z.int().min(1).max(3_600_000);
