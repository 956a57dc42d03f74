import { Catalogue } from '../components/useCatalogue';
import { GoldwireQuery } from '../query/model';

/** What each part of the query editor gets. */
export interface PartProps {
  query: GoldwireQuery;
  catalogue: Catalogue;
  /** Changes some keys and runs the query. */
  change: (part: Partial<GoldwireQuery>) => void;
  /** Changes some keys of what is still being typed. */
  edit: (part: Partial<GoldwireQuery>) => void;
  /** Runs the query as it is. */
  run: () => void;
}
