import { join, parse, relative, resolve } from "node:path";

/**
 * Where what is made of a page lies in its folder of results, without an ending: as the image lies below `folder`, so that
 * no two pages share it.
 * @param folder that all images lie in.
 */
export function pagePlace(folder: string, image: string, page: number): string {
  return `${relative(folder, resolve(image))}-${page}`;
}

/**
 * Names of the copies of images: subfolders stay, and the first page keeps the name of its image, by which its well and site are
 * known, with the ending .tif. Where several images would share that name, as a.tif and a.png, and from the second page on,
 * `pagePlace` tells them apart.
 */
export class CopyNames {
  readonly #folder: string;
  /** How many images would have a name, in lower case: not all file systems tell cases apart. */
  readonly #wanted = new Map<string, number>();

  /** @param folder that all of the images lie in. */
  constructor(folder: string, images: readonly string[]) {
    this.#folder = folder;
    for (const image of images) {
      const name = this.#ownName(image).toLowerCase();
      this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1);
    }
  }

  /** The name of the copy of a page, from the folder that the copies lie in. */
  of(image: string, page: number): string {
    const own = this.#ownName(image);
    const isAlone = this.#wanted.get(own.toLowerCase()) === 1;
    return page === 0 && isAlone ? own : `${pagePlace(this.#folder, image, page)}.tif`;
  }

  #ownName(image: string): string {
    const { dir, name } = parse(relative(this.#folder, resolve(image)));
    return join(dir, `${name}.tif`);
  }
}
