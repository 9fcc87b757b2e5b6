using System.Reflection.Emit;
using RingKit.Bitmaps;

namespace GeneratedCode;

/// <summary>Compiles a loop of stores to guest memory, as a translator of guest code does. Each store marks the page of its own address.</summary>
internal static class StoreCompiler
{
    /// <summary>The words of a page, and the stores in a round of the loop.</summary>
    public const int WordsInPage = 512, StoresInRound = 16;

    public enum Marking { None, TestFirst, AlwaysOr }

    /// <summary>Makes code that is given the number of its first store and of the one behind its last, both multiples of 16.</summary>
    /// <param name="memory">The address of the guest's memory: a constant in the code, as that of the bitmap's words is.</param>
    /// <param name="pages">A power of two. Store n goes to the word n of these pages, modulo their words, and stores n.</param>
    /// <param name="view">The bitmap's words, which outlive the code.</param>
    /// <param name="marking">What follows a store.</param>
    public static Action<ulong, ulong> Compile(nuint memory, ulong pages, MarkView view, Marking marking)
    {
        var method = new DynamicMethod("Stores", returnType: null, [typeof(ulong), typeof(ulong)]);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder first = il.DeclareLocal(typeof(ulong)), address = il.DeclareLocal(typeof(ulong));
        Label loop = il.DefineLabel(), condition = il.DefineLabel();
        il.Emit(OpCodes.Br, condition);

        il.MarkLabel(loop);
        Emit(il, OpCodes.Ldarg_0, (long)sizeof(ulong), OpCodes.Mul, (long)(pages * WordsInPage * sizeof(ulong)) - 1, OpCodes.And);
        il.Emit(OpCodes.Stloc, first);
        for (long store = 0; store < StoresInRound; store++)
        {
            Emit(il, first, store * sizeof(ulong), OpCodes.Add);
            il.Emit(OpCodes.Stloc, address);
            Emit(il, address, (long)memory, OpCodes.Add, OpCodes.Conv_U, OpCodes.Ldarg_0, store, OpCodes.Add, OpCodes.Stind_I8);
            if (marking != Marking.None)
                EmitMark(il, address, view, marking == Marking.TestFirst);
        }

        Emit(il, OpCodes.Ldarg_0, (long)StoresInRound, OpCodes.Add);
        il.Emit(OpCodes.Starg_S, (byte)0);
        il.MarkLabel(condition);
        Emit(il, OpCodes.Ldarg_0, OpCodes.Ldarg_1);
        il.Emit(OpCodes.Blt_Un, loop);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Action<ulong, ulong>>();
    }

    // The volatile load stays behind the store and in the loop; the process-wide fence of the harvest does the rest. The or is a full fence.
    private static void EmitMark(ILGenerator il, LocalBuilder address, MarkView view, bool testsFirst)
    {
        object[] word = [address, view.Shift + 6, OpCodes.Shr_Un, (long)sizeof(ulong), OpCodes.Mul, (long)view.BasePointer, OpCodes.Add, OpCodes.Conv_U];
        object[] bit = [1L, address, view.Shift, OpCodes.Shr_Un, 63L, OpCodes.And, OpCodes.Conv_I4, OpCodes.Shl];
        Label marked = il.DefineLabel();
        if (testsFirst)
        {
            Emit(il, [.. word, OpCodes.Volatile, OpCodes.Ldind_I8, .. bit, OpCodes.And]);
            il.Emit(OpCodes.Brtrue, marked);
        }

        Emit(il, [.. word, .. bit]);
        il.Emit(OpCodes.Call, typeof(Interlocked).GetMethod(nameof(Interlocked.Or), [typeof(ulong).MakeByRefType(), typeof(ulong)])!);
        il.Emit(OpCodes.Pop);
        il.MarkLabel(marked);
    }

    // In the order of a stack machine: operands first.
    private static void Emit(ILGenerator il, params ReadOnlySpan<object> code)
    {
        foreach (object item in code)
        {
            switch (item)
            {
                case OpCode operation: il.Emit(operation); break;
                case LocalBuilder local: il.Emit(OpCodes.Ldloc, local); break;
                case long constant: il.Emit(OpCodes.Ldc_I8, constant); break;
                case int shift: il.Emit(OpCodes.Ldc_I4, shift); break;
            }
        }
    }
}
