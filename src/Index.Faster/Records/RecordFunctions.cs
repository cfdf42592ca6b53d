using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>
/// What FASTER calls to read, write and change a record. Who works on a key holds it (<see cref="LogStore.Enter"/>), so that
/// none of this needs a lock. A structure, so that the calls are compiled into FASTER's own.
/// </summary>
internal readonly struct RecordFunctions : IFunctions<SpanByte, SpanByte, RecordInput, RecordOutput, Empty>
{
    public bool SingleReader(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput dst, ref ReadInfo readInfo)
    {
        dst.Address = readInfo.Address;
        if (input.Operation == RecordOperation.Read)
        {
            dst.Set(ref value);
        }

        return true;
    }

    public bool ConcurrentReader(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput dst, ref ReadInfo readInfo) =>
        SingleReader(ref key, ref input, ref value, ref dst, ref readInfo);

    public bool SingleWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
        src.CopyTo(ref dst);
        return true;
    }

    public bool ConcurrentWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo)
    {
        if (input.Operation == RecordOperation.Append || src.Length != dst.Length)
        {
            return false;
        }

        src.CopyTo(ref dst);
        return true;
    }

    public bool NeedInitialUpdate(ref SpanByte key, ref RecordInput input, ref RecordOutput output, ref RMWInfo rmwInfo) => input.Operation == RecordOperation.Push;

    public bool InitialUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
        SourceOf(input).CopyTo(value.AsSpan());
        return true;
    }

    public bool NeedCopyUpdate(ref SpanByte key, ref RecordInput input, ref SpanByte oldValue, ref RecordOutput output, ref RMWInfo rmwInfo) => true;

    public bool InPlaceUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
        if (input.Operation == RecordOperation.Push)
        {
            return false; // what is pushed comes last in the log
        }

        EntryLayout.Apply(value.AsSpan(), input);
        return true;
    }

    public bool CopyUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte oldValue, ref SpanByte newValue, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
        if (input.Operation == RecordOperation.Push)
        {
            output.Set(ref oldValue);
            SourceOf(input).CopyTo(newValue.AsSpan());
            EntryLayout.TakeOverPushed(newValue.AsSpan(), oldValue.AsReadOnlySpan());
            return true;
        }

        oldValue.CopyTo(ref newValue);
        EntryLayout.Apply(newValue.AsSpan(), input);
        return true;
    }

    public bool SingleDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) => true;

    public bool ConcurrentDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) => true;

    private static unsafe ReadOnlySpan<byte> SourceOf(in RecordInput input) => new((byte*)input.Source, input.Length);

    // What FASTER tells besides is not needed: who asked waits for the answer.
    public void PostSingleWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
    }

    public void PostInitialUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
    }

    public void PostCopyUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte oldValue, ref SpanByte newValue, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
    }

    public void PostSingleDeleter(ref SpanByte key, ref DeleteInfo deleteInfo)
    {
    }

    public void ReadCompletionCallback(ref SpanByte key, ref RecordInput input, ref RecordOutput output, Empty ctx, Status status, RecordMetadata recordMetadata)
    {
    }

    public void RMWCompletionCallback(ref SpanByte key, ref RecordInput input, ref RecordOutput output, Empty ctx, Status status, RecordMetadata recordMetadata)
    {
    }

    public void DisposeSingleWriter(ref SpanByte key, ref RecordInput input, ref SpanByte src, ref SpanByte dst, ref RecordOutput output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
    }

    public void DisposeCopyUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte oldValue, ref SpanByte newValue, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
    }

    public void DisposeInitialUpdater(ref SpanByte key, ref RecordInput input, ref SpanByte value, ref RecordOutput output, ref RMWInfo rmwInfo)
    {
    }

    public void DisposeSingleDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo)
    {
    }

    public void DisposeDeserializedFromDisk(ref SpanByte key, ref SpanByte value)
    {
    }

    public void CheckpointCompletionCallback(int sessionID, string sessionName, CommitPoint commitPoint)
    {
    }
}

/// <summary>A changed record is as long as it was; one that is pushed is as long as what is pushed.</summary>
internal readonly struct RecordLength : IVariableLengthStruct<SpanByte, RecordInput>
{
    public int GetInitialLength(ref RecordInput input) => sizeof(int) + input.Length;

    public int GetLength(ref SpanByte t, ref RecordInput input) => input.Operation == RecordOperation.Push ? sizeof(int) + input.Length : t.TotalSize;
}

/// <summary>Keys are hashed by XxHash3, which is a tenth of the cost of FASTER's own for a key of 40 bytes.</summary>
internal sealed class RecordKeyComparer : IFasterEqualityComparer<SpanByte>
{
    public long GetHashCode64(ref SpanByte k) => unchecked((long)RecordKey.Hash(k.AsReadOnlySpan()));

    public bool Equals(ref SpanByte k1, ref SpanByte k2) => k1.AsReadOnlySpan().SequenceEqual(k2.AsReadOnlySpan());
}
