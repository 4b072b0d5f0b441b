import { Construct } from 'constructs'
import { paymentExceptionRoutes } from '../../functions/payment-exceptions/payment-exceptions.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** What staff have to look at: payments that are stuck, declined, disputed, mismatched or made twice. */
export class PaymentExceptions extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const exceptions = new HouseFunction(this, 'PaymentExceptions', {
      foundation: house,
      handler: 'payment-exceptions/payment-exceptions',
    })
    house.payments.letWrite(exceptions)
    house.api.route(paymentExceptionRoutes.listPaymentExceptions, exceptions)
    house.api.route(paymentExceptionRoutes.resolvePaymentException, exceptions)
  }
}
