import { CustomVariableSupport, DataQueryRequest, DataQueryResponse } from '@grafana/data';
import { from, map, Observable } from 'rxjs';

import { VariableEditor } from '../editors/VariableEditor';
import { GoldwireQuery } from '../query/model';
import { GoldwireDataSource } from './datasource';

/** Variables whose choices are the values that a field had in the dashboard's time range. */
export class GoldwireVariables extends CustomVariableSupport<GoldwireDataSource, GoldwireQuery> {
  editor = VariableEditor;

  constructor(private readonly datasource: GoldwireDataSource) {
    super();
  }

  query(request: DataQueryRequest<GoldwireQuery>): Observable<DataQueryResponse> {
    const [query] = request.targets;
    const values = this.datasource.metricFindQuery(query, { range: request.range, scopedVars: request.scopedVars });
    return from(values).pipe(map((data) => ({ data })));
  }
}
