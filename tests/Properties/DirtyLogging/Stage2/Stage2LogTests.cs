namespace RingKit.Properties.DirtyLogging.Stage2;

// Both logs; pages and blocks; blocks split on fault and ahead; both generations.
public sealed class BitmapOverPages() : Stage2DirtyLogContract(Bitmap, BitmapBytes, Pages);

public sealed class BitmapOverBlocks() : Stage2DirtyLogContract(Bitmap, BitmapBytes, Blocks);

public sealed class BitmapOverPagesSplitAhead() : Stage2DirtyLogContract(Bitmap, BitmapBytes, SplitPages);

public sealed class BitmapOverBlocksSplitAhead() : Stage2DirtyLogContract(Bitmap, BitmapBytes, SplitBlocks);

public sealed class BitmapOverPagesOf2014() : Stage2DirtyLogContract(Bitmap, BitmapBytes, PagesOf2014);

public sealed class BitmapOverBlocksOf2014() : Stage2DirtyLogContract(Bitmap, BitmapBytes, BlocksOf2014);

public sealed class RingOverPages() : Stage2DirtyLogContract(Ring, RingBytes, Pages);

public sealed class RingOverBlocks() : Stage2DirtyLogContract(Ring, RingBytes, Blocks);

public sealed class RingOverPagesSplitAhead() : Stage2DirtyLogContract(Ring, RingBytes, SplitPages);

public sealed class RingOverBlocksSplitAhead() : Stage2DirtyLogContract(Ring, RingBytes, SplitBlocks);

public sealed class RingOverPagesOf2014() : Stage2DirtyLogContract(Ring, RingBytes, PagesOf2014);

public sealed class RingOverBlocksOf2014() : Stage2DirtyLogContract(Ring, RingBytes, BlocksOf2014);
