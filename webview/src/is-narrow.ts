// Whether the page has little room, such as beside the code; drawn anew when that changes.

import { useEffect, useState } from 'preact/hooks';

/** As the style sheets have it. */
const narrow = '(max-width: 760px)';

export function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(narrow).matches);
  useEffect(() => {
    const query = matchMedia(narrow);
    const look = (): void => setIsNarrow(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return isNarrow;
}
