using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace ZarrCache.Conformance.Tests;

/// <summary>
/// Runs every fact and theory of a suite's subclass as the test framework would, each on an instance of its own, and
/// tells which failed: so that a broken back end is seen to fail, without failing the run.
/// </summary>
internal static class SuiteRunner
{
    /// <summary>A broken back end may never answer; no fact of a healthy one takes a hundredth of this.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Asserts that a suite fails, and that the fact named <paramref name="fact"/> is among those that do.</summary>
    public static async Task AssertCaughtAsync(Func<object> suite, string fact)
    {
        IReadOnlyDictionary<string, Exception> failures = await RunAsync(suite);
        Assert.True(failures.ContainsKey(fact), $"'{fact}' did not catch it; caught by: {(failures.Count == 0 ? "nothing" : string.Join(", ", failures.Keys))}.");
    }

    /// <summary>Asserts that every fact of a suite passes.</summary>
    public static async Task AssertHealthyAsync(Func<object> suite) => Assert.Empty(await RunAsync(suite));

    /// <summary>The facts that failed, each by the name of its method, with the first failure.</summary>
    /// <param name="suite">Makes an instance of the subclass.</param>
    public static async Task<IReadOnlyDictionary<string, Exception>> RunAsync(Func<object> suite)
    {
        var failures = new SortedDictionary<string, Exception>(StringComparer.Ordinal);
        foreach (MethodInfo fact in suite().GetType().GetMethods().Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)))
        {
            int cases = 0;
            await foreach (object?[] arguments in ArgumentsAsync(fact))
            {
                cases++;
                if (await RunOneAsync(suite(), fact, arguments) is { } failure && failures.TryAdd(fact.Name, failure))
                {
                    TestContext.Current.SendDiagnosticMessage($"{fact.Name}: {failure.Message}");
                }
            }

            Assert.True(cases > 0, $"The theory {fact.Name} has no case.");
        }

        return failures;
    }

    private static async IAsyncEnumerable<object?[]> ArgumentsAsync(MethodInfo fact)
    {
        if (!fact.IsDefined(typeof(TheoryAttribute), inherit: true))
        {
            yield return [];
            yield break;
        }

        await using var tracker = new DisposalTracker();
        foreach (IDataAttribute data in ExtensibilityPointFactory.GetMethodDataAttributes(fact))
        {
            // Outside of the framework's own run a MemberData finds no rows (xunit 4.0.2): they are read from the property itself.
            IEnumerable<ITheoryDataRow> rows = data is MemberDataAttributeBase member
                ? (IEnumerable<ITheoryDataRow>)fact.DeclaringType!.GetProperty(member.MemberName)!.GetValue(null)!
                : await data.GetData(fact, tracker);
            foreach (ITheoryDataRow row in rows)
            {
                yield return fact.ResolveMethodArguments(row.GetData());
            }
        }
    }

    private static async Task<Exception?> RunOneAsync(object instance, MethodInfo fact, object?[] arguments)
    {
        return await Record.ExceptionAsync(() => Task.Run(LifeAsync).WaitAsync(Patience, TestContext.Current.CancellationToken))
            is { } failure ? (failure as TargetInvocationException)?.InnerException ?? failure : null;

        async Task LifeAsync()
        {
            if (instance is IAsyncLifetime lifetime)
            {
                await lifetime.InitializeAsync();
            }

            try
            {
                switch (fact.Invoke(instance, arguments))
                {
                    case Task task: await task; break;
                    case ValueTask task: await task; break;
                    default: break;
                }
            }
            finally
            {
                switch (instance)
                {
                    case IAsyncDisposable disposable: await disposable.DisposeAsync(); break;
                    case IDisposable disposable: disposable.Dispose(); break;
                    default: break;
                }
            }
        }
    }
}
