import type { BackendSrv, BackendSrvRequest, FetchError, FetchResponse } from '@grafana/runtime';
import { lastValueFrom, map, Observable } from 'rxjs';

/** Grafana's HTTP service, as plugins see it. */
class Backend {
  fetch<T>(options: BackendSrvRequest): Observable<FetchResponse<T>> {
    return new Observable((subscriber) => {
      const abort = new AbortController();
      options.abortSignal?.addEventListener('abort', () => abort.abort());
      send<T>(options, abort.signal).then(
        (response) => {
          subscriber.next(response);
          subscriber.complete();
        },
        (error) => {
          if (!abort.signal.aborted) {
            subscriber.error(error);
          }
        }
      );
      return () => abort.abort();
    });
  }

  request<T>(options: BackendSrvRequest): Promise<T> {
    return lastValueFrom(this.fetch<T>(options).pipe(map((response) => response.data)));
  }

  datasourceRequest<T>(options: BackendSrvRequest): Promise<FetchResponse<T>> {
    return lastValueFrom(this.fetch<T>(options));
  }

  get<T>(url: string, params?: Record<string, unknown>): Promise<T> {
    return this.request({ url, method: 'GET', params });
  }

  post<T>(url: string, data?: unknown): Promise<T> {
    return this.request({ url, method: 'POST', data });
  }

  put<T>(url: string, data?: unknown): Promise<T> {
    return this.request({ url, method: 'PUT', data });
  }

  patch<T>(url: string, data?: unknown): Promise<T> {
    return this.request({ url, method: 'PATCH', data });
  }

  delete<T>(url: string, data?: unknown): Promise<T> {
    return this.request({ url, method: 'DELETE', data });
  }

  resolveCancelerIfExists(): void {
    // A request ends when its subscriber leaves, so there is no canceler to find.
  }
}

/** Grafana's type has parts that no data source uses: folders, dashboards and chunked answers. */
export const backendService = new Backend() as unknown as BackendSrv;

async function send<T>(options: BackendSrvRequest, signal: AbortSignal): Promise<FetchResponse<T>> {
  const response = await fetch(urlOf(options), {
    method: options.method ?? 'GET',
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: options.data === undefined || options.data === null ? undefined : JSON.stringify(options.data),
    signal,
  });
  const data = parse(await response.text());
  const { status, statusText, ok, headers, url, type, redirected } = response;
  if (!ok) {
    throw { status, statusText, data, config: options } satisfies FetchError;
  }
  return { data: data as T, status, statusText, ok, headers, url, type, redirected, config: options };
}

function urlOf({ url, params }: BackendSrvRequest): string {
  const absolute = url.startsWith('/') ? url : `/${url}`;
  const given = Object.entries(params ?? {}).filter(([, value]) => value !== undefined && value !== null);
  if (given.length === 0) {
    return absolute;
  }
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]));
  return `${absolute}${absolute.includes('?') ? '&' : '?'}${query}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an error of the backend service says, in words. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') {
    return error;
  }
  const parts = error as { data?: { message?: string; error?: string }; message?: string; statusText?: string };
  return parts?.data?.message ?? parts?.data?.error ?? parts?.message ?? parts?.statusText ?? 'Unknown error';
}
