using System.Buffers;

namespace ZarrCache;

/// <summary>
/// A hit whose bytes come from the chunk storage, verified block by block before any is given away. A block that goes
/// whole into the caller's memory is read and hashed there; only a piece of a block passes through a buffer.
/// </summary>
internal sealed class VerifiedHit : CacheHit
{
    private readonly IndexedCacheStorage _owner;
    private readonly ReadResult _stored;
    private readonly int _firstBlock;
    private readonly int _skip;
    private byte[]? _block;

    /// <summary>Whether the storage may still write into the block: it then goes to nobody else, even if this is disposed of.</summary>
    private bool _filling;

    private int _blockStart;
    private int _blockEnd;
    private long _position;

    /// <param name="owner">Told of a fault.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="offset">The first byte wanted, in the object.</param>
    /// <param name="length">How many.</param>
    /// <param name="stored">The stored bytes from the beginning of the first block wanted to the end of the last; owned by this.</param>
    public VerifiedHit(IndexedCacheStorage owner, IndexEntry entry, long offset, long length, ReadResult stored)
        : base(entry, offset, length)
    {
        _owner = owner;
        _stored = stored;
        long start = offset - entry.Offset;
        _firstBlock = (int)(start / BlockChecksums.BlockSize);
        _skip = (int)(start % BlockChecksums.BlockSize);
    }

    internal override int PreferredPiece => _blockStart < _blockEnd ? _blockEnd - _blockStart : IsWholeBlockNext ? NextBlock : base.PreferredPiece;

    private int NextBlock => (int)Math.Min(BlockChecksums.BlockSize, _stored.Remaining);

    /// <summary>Whether the next block is wanted from its first byte on.</summary>
    private bool IsWholeBlockNext => _position > 0 || _skip == 0;

    public override ValueTask DisposeAsync()
    {
        if (_block is not null && !_filling)
        {
            ArrayPool<byte>.Shared.Return(_block);
        }

        _block = null;
        return _stored.DisposeAsync();
    }

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        if (_blockStart < _blockEnd)
        {
            return TakeFromBlock(destination);
        }

        int length = NextBlock;
        if (IsWholeBlockNext && length <= destination.Length)
        {
            await ReadBlockAsync(destination[..length], ct).ConfigureAwait(false);
            return length;
        }

        _block ??= ArrayPool<byte>.Shared.Rent(length);
        int skip = _position == 0 ? _skip : 0;
        _filling = true;
        await ReadBlockAsync(_block.AsMemory(0, length), ct).ConfigureAwait(false);
        _filling = false;
        (_blockStart, _blockEnd) = (skip, length);
        return TakeFromBlock(destination);
    }

    private int TakeFromBlock(Memory<byte> destination)
    {
        int count = Math.Min(destination.Length, _blockEnd - _blockStart);
        _block.AsMemory(_blockStart, count).CopyTo(destination);
        _blockStart += count;
        return count;
    }

    private async ValueTask ReadBlockAsync(Memory<byte> block, CancellationToken ct)
    {
        int number = _firstBlock + (int)(_position / BlockChecksums.BlockSize);
        try
        {
            await _stored.ReadAsync(block, ct).ConfigureAwait(false);
        }
        catch (StoreException exception)
        {
            // The fault may be of the moment, or of the storage: the entry stays, and its size is looked at when it is opened next.
            throw new CorruptEntryException(Entry, "they cannot be read", exception);
        }

        if (!Entry.Checksums.Verify(number, block.Span))
        {
            string fault = $"the check sum of block {number} differs";
            await _owner.DropAsync(Entry, fault).ConfigureAwait(false);
            throw new CorruptEntryException(Entry, fault);
        }

        _position += block.Length;
    }
}
