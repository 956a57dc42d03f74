import { getBackendSrv } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';

import { RequestOptions, Resources } from './resources';

/** The resources of a data source by its uid, for where there is no instance of it: on its own settings page. */
export function resourcesOf(uid: string): Resources {
  const send = async (method: string, path: string, options: RequestOptions, data?: unknown) => {
    const url = `/api/datasources/uid/${uid}/resources/${path}`;
    const answer = await lastValueFrom(getBackendSrv().fetch<unknown>({ ...options, method, url, data }));
    return answer.data;
  };
  return new Resources({
    get: (path, options) => send('GET', path, options),
    post: (path, body, options) => send('POST', path, options, body),
  });
}
