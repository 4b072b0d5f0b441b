import type { z } from 'zod'

declare const isPublished: unique symbol

/** A schema of parameters that the compiler has held to the SDK's types: calls are read by no other. */
export type PublishedSchema<Schema extends z.ZodType = z.ZodType> = Schema & { [isPublished]: true }

type Primitive = string | number | boolean | null | undefined
/** Of a union, such as "a text or an object", the names that any of its members has, and what stands under one. */
type NamesOf<Type> = Type extends object ? keyof Type : never
type ValueOf<Type, Name> = Type extends object ? (Name extends keyof Type ? Type[Name] : never) : never

/** The names in a type, at any depth, that another one does not have; `never` when there is none. */
export type NamesBeyond<Ours, Published> = Ours extends Primitive
  ? never
  : Ours extends readonly (infer Item)[]
    ? NamesBeyond<Item, Extract<Published, readonly unknown[]>[number]>
    : {
        [Name in keyof Ours]-?: [Ours[Name]] extends [never]
          ? never
          : Name extends NamesOf<Published>
            ? NamesBeyond<Ours[Name], ValueOf<Published, Name>>
            : Name
      }[keyof Ours]

/**
 * Says which of the SDK's types a schema of parameters belongs to: `published<Stripe.RefundCreateParams>()(…)`. One that takes
 * a parameter that Stripe does not have, at any depth, or one of another type, or lacks one that Stripe requires, does not compile.
 * The words of an enumeration are not held to anything: the SDK leaves them open.
 */
export function published<Published extends object>() {
  return <Schema extends z.ZodType<Published>>(
    schema: Schema &
      ([NamesBeyond<z.output<Schema>, Published>] extends [never]
        ? unknown
        : { unknownToStripe: NamesBeyond<z.output<Schema>, Published> }),
  ): PublishedSchema<Schema> => schema as unknown as PublishedSchema<Schema>
}
