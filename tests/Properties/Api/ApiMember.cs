using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace RingKit.Properties.Api;

/// <summary>A member as one line of C#, without <c>public</c>, which all of them are that are not <c>protected</c>.</summary>
internal static class ApiMember
{
    private const string UnmanagedModifier = "System.Runtime.InteropServices.UnmanagedType";

    public static string Field(FieldInfo field)
    {
        string modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        string value = field.IsLiteral ? " = " + Literal(field.FieldType, field.GetRawConstantValue()) : "";
        return $"{Access(field.IsFamily || field.IsFamilyOrAssembly)}{Required(field)}{modifiers}{ApiTypeName.Of(field)} {field.Name}{value}";
    }

    public static string EnumValue(FieldInfo field) =>
        string.Create(CultureInfo.InvariantCulture, $"{field.Name} = {field.GetRawConstantValue()}");

    public static string Constructor(ConstructorInfo constructor) =>
        $"{Access(IsProtected(constructor))}{constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor)})";

    public static string Property(PropertyInfo property)
    {
        MethodInfo[] accessors = [.. property.GetAccessors(nonPublic: true).Where(IsVisible)];
        bool isProtected = accessors.All(IsProtected);
        string each = string.Concat(accessors
            .OrderBy(accessor => accessor == property.SetMethod)
            .Select(accessor => $"{(IsProtected(accessor) && !isProtected ? "protected " : "")}{ReadOnly(accessor)}{Keyword(property, accessor)}; "));
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length == 0 ? property.Name : $"this[{string.Join(", ", index.Select(Parameter))}]";
        MethodInfo any = accessors[0];
        string returns = property.GetMethod is { } get ? Ref(get.ReturnParameter) : "";
        return $"{Access(isProtected)}{Required(property)}{Modifiers(any)}{returns}{ApiTypeName.Of(property)} {name} {{ {each}}}";
    }

    public static string Event(EventInfo change) =>
        $"{Access(IsProtected(change.AddMethod!))}{Modifiers(change.AddMethod!)}event {ApiTypeName.Of(change)} {change.Name}";

    public static string Method(MethodInfo method)
    {
        Type[] arguments = method.GetGenericArguments();
        string generic = arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(argument => argument.Name))}>";
        string extension = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return $"{Access(IsProtected(method))}{ReadOnly(method)}{Modifiers(method)}{Ref(method.ReturnParameter)}{ApiTypeName.Of(method.ReturnParameter)} "
            + $"{method.Name}{generic}({extension}{Parameters(method)}){Constraints(arguments)}";
    }

    /// <summary>The constraints of type parameters, each behind a blank.</summary>
    public static string Constraints(IEnumerable<Type> arguments) => string.Concat(arguments.Select(Constraint));

    public static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    public static bool IsVisible(MethodBase method) => method.IsPublic || IsProtected(method);

    private static bool IsProtected(MethodBase method) => method.IsFamily || method.IsFamilyOrAssembly;

    private static string Access(bool isProtected) => isProtected ? "protected " : "";

    private static string Required(MemberInfo member) => member.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";

    private static string Keyword(PropertyInfo property, MethodInfo accessor)
    {
        if (accessor == property.GetMethod)
            return "get";
        return accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";
    }

    // Members of a readonly struct need not say it.
    private static string ReadOnly(MethodInfo method) =>
        method.IsDefined(typeof(IsReadOnlyAttribute)) && !method.DeclaringType!.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "";

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface)
        {
            return method.IsStatic
                ? (method.IsAbstract ? "static abstract " : method.IsVirtual ? "static virtual " : "static ")
                : method.IsAbstract ? "" : "virtual ";
        }

        if (method.IsStatic)
            return "static ";
        if (method.GetBaseDefinition() != method)
            return method.IsFinal ? "sealed override " : "override ";
        return method.IsAbstract ? "abstract " : method.IsVirtual && !method.IsFinal ? "virtual " : "";
    }

    private static string Ref(ParameterInfo returns) =>
        !returns.ParameterType.IsByRef ? "" : returns.IsDefined(typeof(IsReadOnlyAttribute), inherit: false) ? "ref readonly " : "ref ";

    private static string Parameter(ParameterInfo parameter)
    {
        string scoped = parameter.IsDefined(typeof(ScopedRefAttribute), inherit: false) ? "scoped " : "";
        string all = parameter.IsDefined(typeof(ParamArrayAttribute), inherit: false)
            || parameter.IsDefined(typeof(ParamCollectionAttribute), inherit: false) ? "params " : "";
        string value = parameter.HasDefaultValue ? " = " + Literal(parameter.ParameterType, parameter.RawDefaultValue) : "";
        return $"{all}{(all.Length > 0 || parameter.IsOut ? "" : scoped)}{Passing(parameter)}{ApiTypeName.Of(parameter)} {parameter.Name}{value}";
    }

    private static string Passing(ParameterInfo parameter)
    {
        if (!parameter.ParameterType.IsByRef)
            return "";
        if (parameter.IsOut)
            return "out ";
        if (parameter.IsDefined(typeof(RequiresLocationAttribute), inherit: false))
            return "ref readonly ";
        return parameter.IsDefined(typeof(IsReadOnlyAttribute), inherit: false) ? "in " : "ref ";
    }

    private static string Constraint(Type argument)
    {
        GenericParameterAttributes flags = argument.GenericParameterAttributes;
        bool isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        bool isUnmanaged = argument.GetCustomAttributesData().Any(data => data.AttributeType.Name == "IsUnmanagedAttribute");
        List<string> all = [];
        if (isStruct)
            all.Add(isUnmanaged ? "unmanaged" : "struct");
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            all.Add("class");
        all.AddRange(argument.GetGenericParameterConstraints()
            .Where(type => type != typeof(ValueType) && type.FullName != UnmanagedModifier)
            .Select(ApiTypeName.Of)
            .Order(StringComparer.Ordinal));
        if (!isStruct && flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
            all.Add("new()");
        if (flags.HasFlag(GenericParameterAttributes.AllowByRefLike))
            all.Add("allows ref struct");
        return all.Count == 0 ? "" : $" where {argument.Name} : {string.Join(", ", all)}";
    }

    private static string Literal(Type type, object? value)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            null => type.IsValueType && plain == type ? "default" : "null",
            string text => $"\"{text}\"",
            bool yes => yes ? "true" : "false",
            _ when plain.IsEnum => $"{plain.Name}.{Enum.ToObject(plain, value)}",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }
}
