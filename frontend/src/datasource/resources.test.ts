import { messageOf, Resources, Transport } from './resources';

function transport(answers: Record<string, unknown>): jest.Mocked<Transport> {
  const answer = async (path: string) => {
    if (answers[path] instanceof Error) {
      throw answers[path];
    }
    return answers[path];
  };
  return { get: jest.fn((path, _options) => answer(path)), post: jest.fn((path, _body, _options) => answer(path)) };
}

describe('Resources', () => {
  it('asks for the fields once', async () => {
    const doors = transport({ fields: [{ name: 'verdict' }] });
    const resources = new Resources(doors);
    await Promise.all([resources.fields(), resources.fields()]);
    expect(await resources.fields()).toEqual([{ name: 'verdict' }]);
    expect(doors.get).toHaveBeenCalledTimes(1);
  });

  it('asks again after a failure', async () => {
    const doors = transport({ signals: new Error('down') });
    const resources = new Resources(doors);
    await expect(resources.signals()).rejects.toThrow('down');
    await expect(resources.signals()).rejects.toThrow('down');
    expect(doors.get).toHaveBeenCalledTimes(2);
  });

  it('asks for values and can be cancelled', async () => {
    const doors = transport({ values: { values: ['a'], coverage: {} } });
    const request = { field: 'verdict', prefix: 'd', limit: 10, filter: '', from: 1, to: 2 };
    expect(await new Resources(doors).values(request, { requestId: 'r' })).toEqual(['a']);
    expect(doors.post).toHaveBeenCalledWith('values', request, { requestId: 'r', showErrorAlert: false });
  });

  it('has the labels of both ends as fields', async () => {
    const doors = transport({});
    doors.post.mockImplementation(async (_path, body) => {
      return { values: (body as { field: string }).field === 'source.labels.*' ? ['app', 'team'] : ['app'] };
    });
    const labels = await new Resources(doors).labels();
    const names = ['source.labels.app', 'source.labels.team', 'destination.labels.app'];
    expect(labels.map(({ name }) => name)).toEqual(names);
    expect(labels[0]).toMatchObject({ kind: 'text', groupable: true, filterable: true });
  });

  it('has no labels where the nodes cannot be asked', async () => {
    expect(await new Resources(transport({ values: new Error('down') })).labels()).toEqual([]);
  });

  it('asks both ends for the values of either', async () => {
    const doors = transport({});
    doors.post.mockImplementation(async (_path, body) => {
      const source = (body as { field: string }).field === 'source.workload';
      return { values: source ? ['web', 'cron'] : ['web', 'db'] };
    });
    const resources = new Resources(doors);
    expect(await resources.values({ field: 'either.workload' })).toEqual(['web', 'cron', 'db']);
    expect(await resources.values({ field: 'either.workload', limit: 2 })).toEqual(['web', 'cron']);
  });
});

describe('messageOf', () => {
  it.each<[unknown, string | undefined]>([
    [{ data: { message: 'no node answered' }, status: 502 }, 'no node answered'],
    [{ data: { error: 'bad_filter' } }, 'bad_filter'],
    [new Error('network'), 'network'],
    [{ statusText: 'Bad gateway' }, 'Bad gateway'],
    [undefined, 'The data source did not answer.'],
    [{ cancelled: true, statusText: 'Request was aborted' }, undefined],
    [new DOMException('gone', 'AbortError'), undefined],
  ])('of %j is %j', (error, message) => {
    expect(messageOf(error)).toBe(message);
  });
});
