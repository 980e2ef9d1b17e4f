import { z } from 'zod';

export const workflowLinkSchema = z.object({ workflowId: z.string(), url: z.url() });

export interface TemporalUi {
  TEMPORAL_UI_URL: string;
  TEMPORAL_NAMESPACE: string;
}

/** The page where an operator looks at a workflow. */
export function workflowLink(
  { TEMPORAL_UI_URL: ui, TEMPORAL_NAMESPACE: namespace }: TemporalUi,
  workflowId: string,
): z.output<typeof workflowLinkSchema> {
  return { workflowId, url: new URL(`/namespaces/${namespace}/workflows/${workflowId}`, ui).href };
}
