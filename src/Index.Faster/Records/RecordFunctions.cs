using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>What FASTER calls to read, write and change a record. Writers and readers of one key take turns by <see cref="KeyLocks"/>, so that none of this needs a lock.</summary>
internal sealed class RecordFunctions : FunctionsBase<SpanByte, SpanByte, RecordInput, RecordOutput, Empty>
{
    public override bool SingleReader(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput dst, ref ReadInfo readInfo)
    {
        dst.Address = readInfo.Address;
        if (input.Operation == RecordOperation.Read)
        {
            dst.Set(ref value);
        }

        return true;
    }

    public override bool ConcurrentReader(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput dst, ref ReadInfo readInfo) =>
        SingleReader(ref key, ref input, ref value, ref dst, ref readInfo);

    public override bool SingleWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
        src.CopyTo(ref dst);
        return true;
    }

    public override bool ConcurrentWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo)
    {
        if (input.Operation == RecordOperation.Append || src.Length != dst.Length)
        {
            return false;
        }

        src.CopyTo(ref dst);
        return true;
    }

    public override bool NeedInitialUpdate(ref SpanByte key, ref RecordInput input, ref RecordOutput output, ref RMWInfo rmwInfo) => false;

    public override bool InPlaceUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
        EntryLayout.Apply(value.AsSpan(), input);
        return true;
    }

    public override bool CopyUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte oldValue, ref SpanByte newValue, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
        oldValue.CopyTo(ref newValue);
        EntryLayout.Apply(newValue.AsSpan(), input);
        return true;
    }
}

/// <summary>A changed record is as long as it was.</summary>
internal readonly struct UnchangedLength : IVariableLengthStruct<SpanByte, RecordInput>
{
    public int GetInitialLength(ref RecordInput input) => sizeof(int);

    public int GetLength(ref SpanByte t, ref RecordInput input) => t.TotalSize;
}

/// <summary>Keys are hashed by XxHash3, which is a tenth of the cost of FASTER's own for a key of 40 bytes.</summary>
internal sealed class RecordKeyComparer : IFasterEqualityComparer<SpanByte>
{
    public long GetHashCode64(ref SpanByte k) => unchecked((long)RecordKey.Hash(k.AsReadOnlySpan()));

    public bool Equals(ref SpanByte k1, ref SpanByte k2) => k1.AsReadOnlySpan().SequenceEqual(k2.AsReadOnlySpan());
}
