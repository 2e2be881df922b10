export const NOT_A_FILE = "this is a pipe or a device, not a file";

/** What a failed file operation means and what to do, by the error code of the operating system. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENXIO: NOT_A_FILE,
  EISDIR: "this is a folder, not a file",
  EEXIST: "something else of this name is there",
  EACCES: "no permission; check the owner and mode of the file and its folders",
  EPERM: "no permission; check the owner and mode of the file and its folders",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EMFILE: "too many files are open; raise the limit of open files",
  ENFILE: "too many files are open on this machine",
  EBUSY: "another program is using it",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its symbolic links go round in a circle",
  EFBIG: "it may not grow: a limit of this user, or of the file system (4 GiB on FAT32)",
  EIO: "the disk or network drive reports an input/output error",
  ERR_FS_FILE_TOO_LARGE: "the file is over 2 GiB; save separate image files, or split the stack",
};

/** One sentence part that says why a file operation failed; the caller names the path. */
export function fileReason(error: unknown): string {
  const code = errorCode(error);
  if (isWorkingFolderGone(error)) return "the folder that this was started in is gone; change to another one";
  const isMangled = error instanceof Error && "path" in error && String(error.path).includes("\uFFFD");
  if (code === "ENOENT" && isMangled) return "its name is no UTF-8: rename it";
  if (code !== undefined && code in REASONS) return REASONS[code]!;
  return error instanceof Error ? error.message : String(error);
}

/** The code that Node or the operating system gave an error ("ENOENT"), if any. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export function isWorkingFolderGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/** Whether a result could not be written because its name, which is longer than that of its image, is too long. */
export function isNameTooLong(error: unknown): error is Error {
  return error instanceof Error && errorCode(error.cause) === "ENAMETOOLONG";
}
