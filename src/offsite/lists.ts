/** Lists that one step of a sync leaves to another: in the work folder, each name ended by NUL. */
export const LISTS = {
  /** Metadata that differ. */
  metadata: 'metadata.list',
  /** Blobs that the source did not have before anything was staged. */
  deadBlobs: 'dead-blobs.list',
  /** Folders of blobs, likewise. */
  deadFolders: 'dead-folders.list',
  /** Metadata that the source did not have when they were compared, and folders of them. */
  deadMetadata: 'dead-metadata.list',
  deadMetadataFolders: 'dead-metadata-folders.list',
  /** For people, of a dry run. */
  plan: 'plan.txt',
} as const;
