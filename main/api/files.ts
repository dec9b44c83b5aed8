import { writeFileSync } from 'node:fs';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const filesApi = ({ files, desk, places }: Services): Api['files'] => ({
  async pick({ purpose }) {
    const file = await desk.pick(purpose);
    if (file === null) return null;
    const picked = files.admit(file);
    files.open(picked.handle, purpose);
    return picked;
  },
  async browse({ handle, purpose }) {
    return files.browse(handle, purpose);
  },
  async save({ name, text }) {
    const file = await desk.saveAs(name);
    if (file === null) return null;
    try {
      writeFileSync(file, text);
    } catch (error) {
      throw new RankwiseError(
        'E_FILE',
        `${file} cannot be written: ${reportOf(error).message}.`,
        'Choose another place.',
      );
    }
    return files.admit(file);
  },
  async reveal({ kind, id }) {
    desk.reveal(places.of(kind, id));
  },
});
